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
  let isLooking = false
  let again = false
  const look = async () => {
    isLooking = true
    while (again) {
      again = false
      try {
        morphById(await fragment(location.href), ...element.dataset.channels.split(" "))
      } catch {
        // The next one, or the next page, shows it.
      }
    }
    isLooking = false
  }
  addEventListener("pingback:channels", () => {
    again = true // many at once are one look, and one more behind it
    if (!isLooking) look()
  })
}
