// Theo's draft above the composer: asked for, put into the reply to be read and sent by the agent, or dropped.

import { fragment } from "./fragment.js"
import { complain } from "./toast.js"

export function enhanceSuggestions(page) {
  page.addEventListener("click", async (event) => {
    const pressed = event.target.closest("[data-theo], [data-theo-use], [data-theo-drop]")
    const foot = pressed?.closest(".thread-foot")
    if (!foot) return
    const form = foot.querySelector("[data-composer]")
    if (pressed.matches("[data-theo]")) return suggest(pressed, foot, form)
    const shown = foot.querySelector("#suggestion")
    if (pressed.matches("[data-theo-use]")) {
      const words = shown.querySelector("[data-theo-text]").textContent
      const text = form.elements.content
      text.value = text.value.trim() ? `${text.value.trimEnd()}\n${words}` : words
      text.dispatchEvent(new Event("input", { bubbles: true }))
    }
    shown.remove()
    form.elements.content.focus()
  })
}

async function suggest(button, foot, form) {
  if (button.getAttribute("aria-busy")) return
  button.setAttribute("aria-busy", "true")
  try {
    const body = new FormData()
    body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value)
    const found = await fragment(button.dataset.theo, { body })
    const fresh = document.importNode(found.getElementById("suggestion"), true)
    foot.querySelector("#suggestion")?.remove()
    form.before(fresh)
    fresh.querySelector("[data-theo-use], [data-theo-drop]").focus()
  } catch (error) {
    complain(error)
  } finally {
    button.removeAttribute("aria-busy")
  }
}
