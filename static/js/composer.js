// Reply without leaving the page; without us the form still posts. One key for the same words: a retry doubles
// nothing, and other words are never taken for the ones before.

import { enhanceAttach } from "./attach.js"
import { ask } from "./fragment.js"

const TYPING_EVERY_MS = 3000
const HIGHEST_PX = 240
const KEY_REUSED = "idempotency_key_reused"

export function enhanceComposer(form, { onSent, onTyping }) {
  const text = form.elements.content
  const id = form.elements.client_message_id
  const button = form.querySelector("[data-send]")
  const note = form.querySelector("[data-error]")
  const kept = `draft:${form.action.match(/[0-9a-f-]{36}/)[0]}`
  let keyed = null // the words and files that went out under this key, as long as we do not know that they arrived
  let saidAt = 0

  const grow = () => {
    text.rows = 2
    while (text.rows < 12 && text.scrollHeight > text.clientHeight && text.clientHeight < HIGHEST_PX) text.rows += 1
  }
  const complain = (detail) => {
    note.querySelector("[data-error-text]").textContent = detail
    note.hidden = !detail
    text.toggleAttribute("aria-invalid", Boolean(detail))
  }
  const files = enhanceAttach(form, complain)

  async function send() {
    if (button.getAttribute("aria-busy") || !(text.value.trim() || files.any)) return text.focus()
    const sent = text.value
    button.setAttribute("aria-busy", "true")
    form.setAttribute("aria-busy", "true")
    complain("")
    try {
      if (!(await files.settled()) || !(text.value.trim() || files.any)) return
      const gone = files.chips
      await post(sent)
      for (const chip of gone) chip.remove()
      if (text.value === sent) text.value = ""
      remember()
      grow()
      onTyping(false)
      onSent().catch(() => {}) // it is sent: what cannot be shown now comes with the next look
    } catch (error) {
      complain(error.message || form.dataset.unsent)
    } finally {
      button.removeAttribute("aria-busy")
      form.removeAttribute("aria-busy")
      text.focus({ preventScroll: true })
    }
  }

  async function post(words) {
    const all = `${files.names} ${words}`
    if (keyed !== null && keyed !== all) id.value = newId()
    keyed = all
    const body = new FormData(form)
    try {
      await ask(form.action, { body })
    } catch (error) {
      if (error.kind !== KEY_REUSED) throw error
      id.value = newId() // the browser kept the key of an earlier reply, as after "Back"
      body.set(id.name, id.value)
      await ask(form.action, { body })
    }
    id.value = newId()
    keyed = null
  }

  /** What is not sent yet outlives the page, for this tab. */
  function remember() {
    if (text.value) sessionStorage.setItem(kept, text.value)
    else sessionStorage.removeItem(kept)
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault()
    send()
  })
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return
    event.preventDefault()
    send()
  })
  text.addEventListener("input", () => {
    grow()
    remember()
    complain("")
    if (Date.now() - saidAt < TYPING_EVERY_MS) return
    saidAt = Date.now()
    onTyping(Boolean(text.value))
  })
  text.addEventListener("blur", () => {
    if (text.value) onTyping(false)
  })

  text.value ||= sessionStorage.getItem(kept) ?? ""
  grow()
}

/** A random UUID, on plain http too, where crypto.randomUUID is missing. */
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6] & 15) | 64
  bytes[8] = (bytes[8] & 63) | 128
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
}
