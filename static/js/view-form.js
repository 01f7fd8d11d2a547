// Building a view: conditions come and go without a new page, and it says how many conversations they mean now.

import { ask } from "./fragment.js"

const CALM_MS = 300

export function enhanceViewForm(form) {
  const inner = form.querySelector("[data-inner]")
  const told = form.querySelector("[data-counted]")
  let timer
  let asking = new AbortController()

  async function count() {
    asking.abort()
    asking = new AbortController()
    const answer = await ask(form.dataset.count, { body: new FormData(form), signal: asking.signal }).catch(() => null)
    if (answer) told.textContent = (await answer.json()).words
  }
  const soon = () => {
    clearTimeout(timer)
    timer = setTimeout(count, CALM_MS)
  }
  const follow = (field) => {
    const rest = form.querySelector(`template[data-field="${field.value}"]`).content.firstElementChild
    field.parentNode.querySelector("[data-rest]").replaceWith(document.importNode(rest, true))
  }
  const showGroup = () => inner.toggleAttribute("data-is-empty", !inner.querySelector("[data-line]"))

  form.addEventListener("click", (event) => {
    const add = event.target.closest("[data-add]")
    const remove = event.target.closest("[data-remove]")
    if (!add && !remove) return
    event.preventDefault()
    if (add) {
      const line = document.importNode(form.querySelector("[data-blank]").content.firstElementChild, true)
      line.querySelector("[name=place]").value = add.dataset.add
      form.querySelector(`[data-lines=${add.dataset.add}]`).append(line)
      line.querySelector("select").focus()
    } else {
      const next = remove.closest("fieldset").querySelector("[data-add]")
      remove.closest("[data-line]").remove()
      next.focus()
    }
    showGroup()
    soon()
  })
  form.addEventListener("input", (event) => {
    const field = event.target.closest("[data-choose-field]")
    if (field) follow(field)
    event.target.closest("[data-line]")?.querySelector(".error")?.remove()
    soon()
  })
  for (const field of form.querySelectorAll("[data-choose-field]"))
    if (!field.selectedOptions[0]?.defaultSelected) follow(field) // chosen before we were here
  count()
}
