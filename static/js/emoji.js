// The widget's emoji picker, for the composer; it comes with the first press.

import { complain } from "./toast.js"

export function enhanceEmoji(opener, field) {
  const above = { append: (picker) => opener.parentNode.before(picker) }
  let toggle
  opener.addEventListener("click", async () => {
    try {
      const { emojiPicker } = await import("../widget/emoji.js")
      toggle ??= emojiPicker({ opener, above, field })
    } catch {
      return complain({}) // it was not reached
    }
    toggle()
  })
}
