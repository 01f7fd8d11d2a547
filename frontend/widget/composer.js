// The field to write in: files, emoji and what is wrong with them stand above it. What shows files and emoji comes with
// the first use.

import { el, sendByEnter } from "./dom.js"
import { keep } from "./host.js"
import { ARROW_UP, PAPERCLIP, SMILE, tool } from "./icons.js"
import { attachment, left } from "./outgoing.js"
import { settings, texts } from "./settings.js"

const MOST = 10_000 // characters of one message

/**
 * onSend(content, files). onTyping(text).
 * Returns {nodes, field, fit, attach, complain, write}.
 */
export function composer({ onSend, onTyping }) {
  const field = el("textarea", {
    rows: "1",
    maxlength: MOST,
    "aria-label": texts.message,
    placeholder: texts.message,
    dir: "auto",
    enterkeyhint: "send",
    onkeydown: sendByEnter,
  })
  // A phone turns its photos into one of these.
  const picker = el("input", { type: "file", multiple: "", accept: settings.upload_types, hidden: "" })
  const smile = tool(texts.emoji, SMILE, { "aria-expanded": "false", onclick: toggleEmoji })
  const send = tool(texts.send, ARROW_UP, { type: "submit", class: "pb-ib pb-send" })
  const complaint = el("p", { class: "pb-err", role: "alert" })
  const complain = (sentence) => {
    complaint.textContent = sentence
  }
  const form = el(
    "form",
    { class: "pb-write" },
    field,
    picker,
    tool(texts.attach, PAPERCLIP, { onclick: () => picker.click() }),
    smile,
    send,
  )
  const above = el("div", { class: "pb-above" }, complaint)
  const fit = () => {
    send.disabled = !field.value.trim() && !tray?.files.length
    field.style.blockSize = "auto"
    if (field.scrollHeight) field.style.blockSize = `${field.scrollHeight}px`
  }
  field.oninput = () => {
    fit()
    onTyping(field.value)
  }
  form.onsubmit = (event) => {
    event.preventDefault()
    const content = field.value.trim()
    const files = tray?.files ?? []
    if (!content && !files.length) return
    tray?.put([])
    field.value = ""
    complain("")
    fit()
    field.focus()
    onSend(content, files)
  }

  let tray
  let its // the thread that is written in
  /** more: files, beside those that were left when the code for them did not come. forgotten: names of those that an
   * earlier page could not keep. */
  async function attach(more, forgotten) {
    const files = [...left.splice(0), ...more]
    if (!files.length && !forgotten) return
    try {
      const { tray: make } = await attachment()
      if (!tray) {
        tray = make({ field, most: settings.upload_bytes, its, complain, keep, changed: fit })
        above.append(tray.node)
      }
      tray.add(files, forgotten)
      if (more.length) field.focus()
    } catch {
      left.push(...files)
      complain(`${forgotten || files.map(({ name }) => name).join(", ")}: ${texts[forgotten ? "notSent" : "waiting"]}`)
    }
  }
  picker.onchange = () => {
    attach([...picker.files])
    picker.value = ""
  }
  field.onpaste = (event) => {
    const files = [...event.clipboardData.files]
    if (!files.length || event.clipboardData.types.includes("text/plain")) return
    event.preventDefault()
    attach(files)
  }

  async function toggleEmoji() {
    complain("")
    try {
      ;(await import("./emoji.js")).toggle({ opener: smile, above, field })
    } catch {
      complain(`${texts.emoji}: ${texts.retry}`)
    }
  }

  return {
    nodes: [above, form],
    field,
    fit,
    attach,
    complain,
    write(text, thread) {
      its = thread
      field.value = text
      tray?.turn(thread)
      fit()
    },
  }
}
