// Theo above and in the composer: a draft that is asked for, put into the reply to be read and sent by the agent, or
// dropped; and, where there is a language model, the text rewritten and the conversation summed up.

import { ask, fragment } from "./fragment.js"
import { complain, toast } from "./toast.js"

const WRITING = "#suggestion[aria-busy]"
const PRESSED =
  "[data-theo], [data-theo-use], [data-theo-drop], [data-theo-note], [data-theo-summary], [data-theo-rewrite]"

export function enhanceSuggestions(page) {
  page.addEventListener("click", async (event) => {
    const wrong = event.target.closest("[data-theo-wrong]")
    if (wrong) return markWrong(wrong)
    const pressed = event.target.closest(PRESSED)
    const foot = pressed?.closest(".thread-foot")
    if (!foot) return
    const form = foot.querySelector("[data-composer]")
    if (pressed.matches("[data-theo]")) return suggest(pressed, pressed.dataset.theo, foot, form)
    const menu = pressed.closest("details")
    if (menu) {
      menu.open = false
      const opener = menu.querySelector("summary")
      if (pressed.matches("[data-theo-rewrite]")) return rewrite(pressed, opener, form)
      return suggest(opener, pressed.dataset.theoSummary, foot, form)
    }
    const shown = foot.querySelector("#suggestion")
    const words = shown.querySelector("[data-theo-text]")?.textContent
    if (pressed.matches("[data-theo-note]")) form.querySelector("[data-note-mode]").click()
    if (pressed.matches("[data-theo-use], [data-theo-note]")) {
      const text = form.elements.content
      put(text, text.value.trim() ? `${text.value.trimEnd()}\n${words}` : words)
    } else if (shown.dataset.drop) {
      ask(shown.dataset.drop, { body: fields(form) }).catch(complain)
    }
    shown.remove()
    form.elements.content.focus()
  })
}

async function markWrong(button) {
  button.disabled = true
  try {
    await ask(button.dataset.theoWrong, { body: fields(document.querySelector("[data-composer]")) })
    button.textContent = button.dataset.done
  } catch (error) {
    button.disabled = false
    complain(error)
  }
}

/** What a language model has written so far, while the agent waits for it: to be read, and not yet to be used. */
export function showWriting({ conversation_id, content }) {
  const foot = document.querySelector(`[data-thread="${CSS.escape(conversation_id)}"] .thread-foot`)
  if (!foot?.querySelector("[data-theo][aria-busy]")) return
  if (!foot.querySelector(WRITING)) {
    foot.querySelector("#suggestion")?.remove()
    const fresh = foot.querySelector("[data-theo-writing]").content.cloneNode(true)
    foot.querySelector("[data-composer]").before(fresh)
  }
  foot.querySelector(`${WRITING} [data-theo-text]`).textContent = content
}

/** What Theo had looked at when it asked for a person, once: who dropped it does not see it again. */
export function showHandoff(page) {
  const shown = document.getElementById("handoff")
  const fresh = page.getElementById("handoff")
  if (shown.dataset.of !== fresh.dataset.of) shown.replaceWith(document.importNode(fresh, true))
}

function put(text, words) {
  text.value = words
  text.dispatchEvent(new Event("input", { bubbles: true }))
}

/** Ask for what is shown above the composer. */
async function suggest(button, address, foot, form) {
  await busily(button, async () => {
    const found = await fragment(address, { body: fields(form) })
    const fresh = document.importNode(found.getElementById("suggestion"), true)
    foot.querySelector("#suggestion")?.remove()
    form.before(fresh)
    fresh.querySelector("[data-theo-use], [data-theo-note], [data-theo-drop]").focus()
  })
}

async function rewrite(pressed, opener, form) {
  const text = form.elements.content
  const before = text.value
  if (!before.trim()) return toast(pressed.dataset.nothing)
  await busily(opener, async () => {
    const body = fields(form)
    body.set("content", before)
    body.set("wish", pressed.dataset.theoRewrite)
    const { content } = await (await ask(pressed.dataset.address, { body })).json()
    if (text.value !== before) return // the agent went on writing
    put(text, content)
    toast(pressed.dataset.done, { action: pressed.dataset.undo, onAction: () => put(text, before) })
    text.focus()
  })
}

async function busily(button, work) {
  if (button.getAttribute("aria-busy")) return
  button.setAttribute("aria-busy", "true")
  try {
    await work()
  } catch (error) {
    complain(error)
  } finally {
    button.removeAttribute("aria-busy")
    document.querySelector(WRITING)?.remove()
  }
}

function fields(form) {
  const body = new FormData()
  body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value)
  return body
}
