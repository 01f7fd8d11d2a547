// The widget's emoji picker, for the composer; it comes with the first press.

import { complain } from "./toast.js"

export function enhanceEmoji(button, text) {
  let picker
  const close = () => {
    picker?.node.remove()
    button.setAttribute("aria-expanded", "false")
    text.focus()
  }
  const insert = (emoji) => {
    close()
    text.setRangeText(emoji, text.selectionStart, text.selectionEnd, "end")
    text.dispatchEvent(new Event("input", { bubbles: true }))
  }
  button.addEventListener("click", async () => {
    try {
      const { emojiPicker } = await import("../widget/emoji.js")
      picker ??= emojiPicker({ label: button.getAttribute("aria-label"), onPick: insert, onClose: close })
    } catch (error) {
      return complain(error)
    }
    if (picker.node.isConnected) return close()
    button.parentNode.before(picker.node)
    button.setAttribute("aria-expanded", "true")
    picker.focus()
  })
}
