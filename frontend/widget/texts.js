// English is built in; another language is a file of its own, fetched by the frame (widgets/languages.py chooses).

import { frame, launcher, panel } from "./languages/en.json"
import { spoken } from "./speak.js"

export const launcherTexts = launcher
export const panelTexts = panel

/** Those of the page's language; English where they do not come. */
export async function frameTexts() {
  const file = document.getElementById("pb-texts")?.href
  const theirs =
    file &&
    (await fetch(file)
      .then((answer) => answer.json())
      .catch(() => undefined))
  const texts = spoken({ ...frame, ...theirs }, document.documentElement.lang)
  // A part that is loaded later brings its English along; another language has come whole.
  texts.over = (english) => ({ ...spoken(english, "en"), ...texts })
  return texts
}
