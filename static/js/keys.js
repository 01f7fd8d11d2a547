// One letter, one action, and none of them while somebody writes or a dialog is open. Letters alone can be turned off:
// who speaks to the machine, or shakes, types them by accident.

const KEYS = {
  j: "next",
  k: "previous",
  e: "resolve",
  "!": "spam",
  u: "unread",
  r: "reply",
  n: "note",
  a: "assign",
  z: "snooze",
  t: "tag",
  x: "select",
  X: "selectTo",
  A: "selectAll",
  c: "compose",
  "/": "find",
  "?": "help",
  "g m": "mine",
  "g u": "unassigned",
  "g o": "open",
  "g a": "all",
}
const SECOND_MS = 1500 // for the second letter of two
const YEAR = 365 * 24 * 3600

/** holds(): whether letters are no actions just now. */
export function enhanceKeys(actions, { holds }) {
  let first = ""
  let timer
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    const writes = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")
    if (writes && event.key === "Escape") return writes.blur()
    if (writes || document.querySelector("dialog[open]")) return
    if (event.key === "Escape") return actions.back?.()
    if (lettersAreOff() || holds()) return
    const keys = first ? `${first} ${event.key}` : event.key
    clearTimeout(timer)
    first = ""
    if (event.key === "g" && keys === "g") {
      first = "g"
      timer = setTimeout(() => {
        first = ""
      }, SECOND_MS)
      return
    }
    const action = actions[KEYS[keys]]
    if (!action) return
    event.preventDefault()
    action()
  })
  const box = document.querySelector("[data-letters]")
  if (!box) return
  box.checked = !lettersAreOff()
  box.addEventListener("change", () => turnLetters(box.checked))
}

function lettersAreOff() {
  return /(?:^|; )letters=off/.test(document.cookie)
}

function turnLetters(on) {
  const secure = location.protocol === "https:" ? ";secure" : ""
  // biome-ignore lint/suspicious/noDocumentCookie: Firefox and Safari have no Cookie Store yet
  document.cookie = `letters=${on ? "" : "off"};path=/;max-age=${on ? 0 : YEAR};samesite=lax${secure}`
}
