// `data-copy="#id"` puts that element's text on the clipboard and says so for a moment.

const SHOWN_MS = 2000

export function enhanceCopy() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]")
    if (!button) return
    const source = document.querySelector(button.dataset.copy)
    if (await copied(source)) confirm(button)
  })
}

async function copied(source) {
  try {
    await navigator.clipboard.writeText(source.textContent.trim())
    return true
  } catch {
    getSelection().selectAllChildren(source) // plain http has no clipboard: Ctrl C is left to do
    return false
  }
}

function confirm(button) {
  const label = button.querySelector("[data-copy-label]")
  const use = button.querySelector("use")
  const [icon, text] = [use.getAttribute("href"), label?.textContent]
  button.setAttribute("aria-live", "polite")
  use.setAttribute("href", icon.replace("#copy", "#check"))
  if (label) label.textContent = button.dataset.done
  setTimeout(() => {
    use.setAttribute("href", icon)
    if (label) label.textContent = text
  }, SHOWN_MS)
}
