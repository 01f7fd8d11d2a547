// One letter, one action, and none of them while somebody writes or a dialog is open.

const KEYS = {
  j: "next",
  k: "previous",
  e: "resolve",
  r: "reply",
  a: "assign",
  x: "select",
  "/": "find",
  "?": "help",
  Escape: "back",
}

export function enhanceKeys(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    const writes = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")
    if (writes && event.key === "Escape") return writes.blur()
    if (writes || document.querySelector("dialog[open]")) return
    const action = actions[KEYS[event.key]]
    if (!action) return
    event.preventDefault()
    action()
  })
}
