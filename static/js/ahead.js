// One conversation's page, fetched before one asks for it; never older than what happened to it.

import { fragment } from "./fragment.js"

const AFTER_MS = 250 // what one asked for comes first
const AHEAD_MS = 30_000 // so long it is good

export function ahead() {
  let kept
  let timer
  return {
    fetch(address) {
      clearTimeout(timer)
      if (!address) return
      timer = setTimeout(() => {
        kept = { address, until: Date.now() + AHEAD_MS, page: fragment(address).catch(() => null) }
      }, AFTER_MS)
    },
    /** The page at this address, if it was fetched and is fresh; for one use. */
    take(address) {
      const found = kept
      clearTimeout(timer)
      kept = undefined
      const same = found && new URL(found.address, location.href).href === new URL(address, location.href).href
      return same && Date.now() < found.until ? found.page.then((page) => page ?? fragment(address)) : null
    },
    forget(id) {
      if (kept?.address.includes(id)) kept = undefined
    },
  }
}
