// The emoji picker: one grid, walked with the arrow keys. Loaded with the first press.

import { button, el, wear } from "./dom.js"
import style from "./emoji.css"

wear(style)

const COLUMNS = 8
const EMOJI =
  "😀 😃 😄 😁 😅 😂 🤣 😊 🙂 🙃 😉 😍 🥰 😘 😋 😜 🤪 🤗 🤭 🤫 🤔 🤐 🤨 😐 😑 😶 😏 😒 🙄 😬 😌 😔 😪 😴 😷 🤒 🤕 🤢 🥵 🥶 🥴 😵 🤯 🤠 🥳 😎 🤓 🧐 😕 😟 🙁 😮 😲 😳 🥺 😨 😰 😢 😭 😱 😖 😞 😓 😩 😤 😡 😠 🤬 😇 🤡 👻 💩 👍 👎 👌 ✌️ 🤞 🤟 🤙 👈 👉 👆 👇 ☝️ ✋ 👋 👏 🙌 👐 🙏 🤝 💪 👀 🧠 👶 🧑 👩 👨 🤷 🤦 ❤️ 🧡 💛 💚 💙 💜 🖤 💔 💕 💯 💥 ⭐ ✨ 🔥 🎉 🎊 🎁 🏆 🚀 ✈️ 🚗 🚲 🏠 🏢 ⏰ ⌛ 📅 📦 📷 📱 💻 ⌨️ 🖨️ 🔋 🔌 💡 🔍 🔒 🔑 🔧 🧾 💳 💰 📈 📉 📎 ✏️ 📄 📌 ✉️ 📞 🔔 ✅ ❌ ❗ ❓ ⚠️ 🚫 ➕ ➖ ☀️ 🌙 ☁️ 🌧️ ❄️ 🌈 🌱 🌸 🌳 🐶 🐱 🐭 🐰 🦊 🐻 🐼 🐸 🐵 🦁 🐝 🦋 🍎 🍌 🍓 🍕 🍔 🍟 🍰 🍪 🍫 ☕ 🍵 🍺 🍷 🥂"

/** onPick(emoji), onClose(): closed by Escape. focus(): into the grid. */
export function emojiPicker({ label, onPick, onClose }) {
  const cells = EMOJI.split(" ").map((emoji, index) =>
    button({ tabindex: index ? -1 : 0, onclick: () => onPick(emoji) }, emoji),
  )
  const node = el("div", { class: "pb-emoji", role: "group", "aria-label": label }, ...cells)

  const move = (from, to) => {
    if (!cells[to]) return
    cells[from].tabIndex = -1
    cells[to].tabIndex = 0
    cells[to].focus()
  }
  node.onkeydown = (event) => {
    if (event.key === "Escape") {
      event.stopPropagation() // it closes the picker, not the chat
      return onClose()
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

  return { node, focus: () => node.querySelector('[tabindex="0"]').focus() }
}
