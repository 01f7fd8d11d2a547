// What this frame came with: the widget's settings, which the page may change, and the words of its language.

import { frameTexts } from "./texts.js"

export const settings = JSON.parse(document.getElementById("pb-settings").textContent)
export const texts = await frameTexts()
