// Parts of a page that change while one looks, named by their ids. `data-settling`: asked for again until the element
// has the attribute no more. `data-channels`: asked for when something is otherwise with one of the channels.

import { fragment, morphById } from "./fragment.js"

const FIRST_MS = 1_000
const LAST_MS = 15_000

export function enhanceSettling(element, wait = FIRST_MS) {
  if (!element.dataset.settling) return
  setTimeout(async () => {
    try {
      if (!document.hidden) morphById(await fragment(location.href), ...element.dataset.settling.split(" "))
    } catch {
      // Asked again all the same.
    }
    enhanceSettling(element, Math.min(wait * 1.5, LAST_MS))
  }, wait)
}

export function followChannels(element) {
  let turn = Promise.resolve()
  addEventListener("pingback:channels", () => {
    turn = turn
      .then(() => fragment(location.href))
      .then((page) => morphById(page, ...element.dataset.channels.split(" ")))
      .catch(() => {}) // the next one, or the next page, shows it
  })
}
