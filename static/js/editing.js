// One's own message or note, or the customer, changed in a dialog over the thread. Without us the link leads to a page.

import { ask, fragment } from "./fragment.js"
import { complain } from "./toast.js"

/**
 * changed(seq): the thread shows something else now behind that number, or at it; without one, beside it.
 * moved({address, told, undo, back}, token): it is elsewhere now; token: a form's worth of leave to undo it.
 */
export function enhanceEditing(dialog, { changed, moved }) {
  let opener // where the focus goes back to: the link itself may be in a menu that is closed by then
  dialog.addEventListener("close", () => {
    if (document.activeElement === document.body || !document.activeElement.checkVisibility()) opener?.focus()
  })
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("[data-edit]")
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    try {
      const page = await fragment(link.href)
      dialog.replaceChildren(document.importNode(page.querySelector("[data-edit-form]"), true))
      const menu = link.closest("[data-pop]")
      menu?.removeAttribute("open")
      opener = menu?.querySelector("summary") ?? link
      dialog.showModal()
      const field = dialog.querySelector("input:not([type=hidden]), textarea") ?? dialog.querySelector("a, button")
      field.focus()
      if (typeof field.selectionStart === "number") field.setSelectionRange(field.value.length, field.value.length)
    } catch (error) {
      complain(error)
    }
  })
  dialog.addEventListener("click", (event) => {
    if (!event.target.closest("[data-edit-cancel]")) return
    event.preventDefault()
    dialog.close()
  })
  dialog.addEventListener("keydown", (event) => {
    const save = dialog.querySelector(".btn-primary")
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !save) return
    event.preventDefault()
    dialog.querySelector("form").requestSubmit(save)
  })
  dialog.addEventListener("submit", async (event) => {
    event.preventDefault()
    const form = event.target
    if (form.hasAttribute("aria-busy")) return
    form.setAttribute("aria-busy", "true")
    try {
      const answer = await ask(form.action, { body: new FormData(form, event.submitter) })
      dialog.close()
      if (answer.status === 200) moved(await answer.json(), new FormData(form))
      else changed(form.dataset.seq && Number(form.dataset.seq))
    } catch (error) {
      form.querySelector("[data-error-text]").textContent = error.message || document.body.dataset.unreached
      form.querySelector("[data-error]").hidden = false
    } finally {
      form.removeAttribute("aria-busy")
    }
  })
}
