// What is being found out while one looks: `data-settling="id id"` names the parts of the page that are asked for again
// until the element has the attribute no more.

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
