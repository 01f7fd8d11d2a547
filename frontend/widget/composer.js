// The field to write in: files, emoji and what is wrong with them stand above it. What shows files and emoji comes with
// the first use.

import { el } from "./dom.js"
import { keep } from "./host.js"
import { ARROW_UP, PAPERCLIP, SMILE, tool } from "./icons.js"
import { attachment } from "./outgoing.js"
import { settings, texts } from "./settings.js"

const MOST = 10_000 // characters of one message

/**
 * onSend(content, files). onTyping(text).
 * Returns {nodes, field, fit, attach, complain, write}.
 */
export function composer({ onSend, onTyping }) {
  const field = el("textarea", {
    id: "pb-field",
    rows: "1",
    maxlength: MOST,
    placeholder: texts.message,
    dir: "auto",
    enterkeyhint: "send",
  })
  // A phone turns its photos into one of these.
  const picker = el("input", { type: "file", multiple: "", accept: settings.upload_types, hidden: "" })
  const smile = tool(texts.emoji, SMILE, { "aria-expanded": "false", onclick: () => toggleEmoji() })
  const send = tool(texts.send, ARROW_UP, { type: "submit", class: "pb-ib pb-send" })
  const complaint = el("p", { class: "pb-err", role: "alert" })
  const complain = (sentence) => {
    complaint.textContent = sentence
  }
  const form = el(
    "form",
    { class: "pb-write" },
    el("label", { class: "pb-vh", for: "pb-field" }, texts.message),
    field,
    picker,
    tool(texts.attach, PAPERCLIP, { onclick: () => picker.click() }),
    smile,
    send,
  )
  const above = el("div", { class: "pb-above" }, complaint)
  const fit = () => {
    send.disabled = !field.value.trim() && !tray?.names.length
    field.style.blockSize = "auto"
    if (field.scrollHeight) field.style.blockSize = `${field.scrollHeight}px`
  }
  field.oninput = () => {
    fit()
    onTyping(field.value)
  }
  field.onkeydown = (event) => {
    // 229: Enter chooses a character there. Safari says that it no longer composes.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return
    event.preventDefault()
    form.requestSubmit()
  }
  form.onsubmit = (event) => {
    event.preventDefault()
    const content = field.value.trim()
    const files = tray?.take() ?? []
    if (!content && !files.length) return
    field.value = ""
    complain("")
    fit()
    field.focus()
    onSend(content, files)
  }

  let tray
  const changed = () => {
    fit()
    // Files themselves cannot be kept: whoever leaves the page with some chosen is told which.
    keep("files", tray.names.join(", ") || null)
  }
  async function attach(files) {
    complain("")
    if (!files.length) return
    try {
      const { tray: make } = await attachment()
      if (!tray) {
        tray = make({ texts, field, most: settings.upload_bytes, complain, changed })
        above.append(tray.node)
      }
      tray.add(files)
      field.focus()
    } catch {
      complain(texts.offline)
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

  let emoji
  async function toggleEmoji() {
    try {
      emoji ??= (await import("./emoji.js")).emojiPicker({ label: texts.emoji, onPick: insert, onClose: closeEmoji })
    } catch {
      return complain(texts.offline)
    }
    if (emoji.node.isConnected) return closeEmoji()
    complain("")
    above.append(emoji.node)
    smile.ariaExpanded = "true"
    emoji.focus()
  }
  function closeEmoji() {
    emoji?.node.remove()
    smile.ariaExpanded = "false"
    field.focus()
  }
  function insert(text) {
    closeEmoji()
    field.setRangeText(text, field.selectionStart, field.selectionEnd, "end")
    field.oninput()
  }

  return {
    nodes: [above, form],
    field,
    fit,
    attach,
    complain,
    write(text) {
      field.value = text
      tray?.take()
      fit()
    },
  }
}
