// What is changed where it stands: `data-change="#id"` leads to a form that takes the place of that element until it is
// saved or given up. Without us the link leads to a page.

import { ask, fragment, morph } from "./fragment.js"
import { complain } from "./toast.js"

const main = (page) => page.querySelector("main")
// A page of its own is shown anew.
export const OF_A_PAGE = { changed: async () => morph(main(document), main(await fragment(location.href))) }

/** changed(): the page shows something else now. */
export function enhanceInPlace({ changed }) {
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("[data-change]")
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    const shown = document.querySelector(link.dataset.change)
    if (shown.hidden) return
    try {
      const page = await fragment(link.href)
      open(shown, link, document.importNode(page.querySelector("[data-changing]"), true))
    } catch (error) {
      complain(error)
    }
  })

  function open(shown, link, form) {
    const close = () => {
      form.remove()
      shown.hidden = false
      link.focus()
    }
    shown.hidden = true
    shown.after(form)
    form.querySelector("input:not([type=hidden])").focus()
    form.addEventListener("click", (event) => {
      if (!event.target.closest("[data-give-up]")) return
      event.preventDefault()
      close()
    })
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return
      event.stopPropagation() // it is no key for anything else
      close()
    })
    form.addEventListener("submit", async (event) => {
      event.preventDefault()
      if (form.hasAttribute("aria-busy")) return
      form.setAttribute("aria-busy", "true")
      try {
        await ask(form.action, { body: new FormData(form) })
        close()
        changed()
      } catch (error) {
        form.querySelector("[data-error-text]").textContent = error.message || document.body.dataset.unreached
        form.querySelector("[data-error]").hidden = false
      } finally {
        form.removeAttribute("aria-busy")
      }
    })
  }
}
