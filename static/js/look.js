// What is looked for on a page of its own is found while one types. Without us the form's button finds it.

import { fragment, morphById } from "./fragment.js"

const CALM_MS = 200

export function enhanceLook(form) {
  let timer
  let asking = new AbortController()
  form.addEventListener("input", () => {
    clearTimeout(timer)
    timer = setTimeout(look, CALM_MS)
  })

  async function look() {
    asking.abort()
    asking = new AbortController()
    const address = `${location.pathname}?${new URLSearchParams(new FormData(form))}`
    try {
      morphById(await fragment(address, { signal: asking.signal }), form.dataset.look)
      history.replaceState({}, "", address)
    } catch {
      // The button asks again.
    }
  }
}
