// The emoji picker: one grid, walked with the arrow keys. Loaded with the first press.

import { button, el, wear } from "./dom.js"
import style from "./emoji.css"

wear(style)

const COLUMNS = 8
const EMOJI =
  "😀 😃 😄 😁 😅 😂 🤣 😊 🙂 🙃 😉 😍 🥰 😘 😋 😜 🤪 🤗 🤭 🤫 🤔 🤐 🤨 😐 😑 😶 😏 😒 🙄 😬 😌 😔 😪 😴 😷 🤒 🤕 🤢 🥵 🥶 🥴 😵 🤯 🤠 🥳 😎 🤓 🧐 😕 😟 🙁 😮 😲 😳 🥺 😨 😰 😢 😭 😱 😖 😞 😓 😩 😤 😡 😠 🤬 😇 🤡 👻 💩 👍 👎 👌 ✌️ 🤞 🤟 🤙 👈 👉 👆 👇 ☝️ ✋ 👋 👏 🙌 👐 🙏 🤝 💪 👀 🧠 👶 🧑 👩 👨 🤷 🤦 ❤️ 🧡 💛 💚 💙 💜 🖤 💔 💕 💯 💥 ⭐ ✨ 🔥 🎉 🎊 🎁 🏆 🚀 ✈️ 🚗 🚲 🏠 🏢 ⏰ ⌛ 📅 📦 📷 📱 💻 ⌨️ 🖨️ 🔋 🔌 💡 🔍 🔒 🔑 🔧 🧾 💳 💰 📈 📉 📎 ✏️ 📄 📌 ✉️ 📞 🔔 ✅ ❌ ❗ ❓ ⚠️ 🚫 ➕ ➖ ☀️ 🌙 ☁️ 🌧️ ❄️ 🌈 🌱 🌸 🌳 🐶 🐱 🐭 🐰 🦊 🐻 🐼 🐸 🐵 🦁 🐝 🦋 🍎 🍌 🍓 🍕 🍔 🍟 🍰 🍪 🍫 ☕ 🍵 🍺 🍷 🥂"

let picker

/** Opens it or closes it; there is one in the chat. */
export function toggle(how) {
  picker ??= emojiPicker(how)
  picker()
}

/** How to open it and close it. opener: the button for that. above: what it stands in. field: where what is picked goes. */
export function emojiPicker({ opener, above, field }) {
  const pick = (emoji) => {
    close()
    field.setRangeText(emoji, field.selectionStart, field.selectionEnd, "end")
    field.dispatchEvent(new Event("input", { bubbles: true }))
  }
  const cells = EMOJI.split(" ").map((emoji, index) =>
    button({ tabindex: index ? -1 : 0, onclick: () => pick(emoji) }, emoji),
  )
  const node = el("div", { class: "pb-emoji", role: "group", "aria-label": opener.ariaLabel }, ...cells)
  const close = () => {
    node.remove()
    opener.ariaExpanded = "false"
    field.focus()
  }

  const move = (from, to) => {
    if (!cells[to]) return
    cells[from].tabIndex = -1
    cells[to].tabIndex = 0
    cells[to].focus()
  }
  node.onkeydown = (event) => {
    if (event.key === "Escape") {
      event.stopPropagation() // it closes the picker, not the chat
      return close()
    }
    const forward = getComputedStyle(node).direction === "rtl" ? -1 : 1
    const steps = { ArrowRight: forward, ArrowLeft: -forward, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }
    const at = cells.indexOf(document.activeElement)
    if (event.key in steps) move(at, at + steps[event.key])
    else if (event.key === "Home") move(at, 0)
    else if (event.key === "End") move(at, cells.length - 1)
    else return
    event.preventDefault()
  }

  return () => {
    if (node.isConnected) return close()
    above.append(node)
    opener.ariaExpanded = "true"
    node.querySelector('[tabindex="0"]').focus()
  }
}
