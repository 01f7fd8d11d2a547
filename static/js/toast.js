// What happened, and the way back. Six seconds; stays while the pointer or the focus is on it.

const SHOWN_MS = 6000

/** toast("Resolved.", { kind: "error", action: "Undo", onAction }) -> its node, to take it back */
export function toast(text, { kind = "", action = "", onAction } = {}) {
  const node = document.getElementById("toast-template").content.firstElementChild.cloneNode(true)
  node.querySelector("[data-toast-text]").textContent = text
  if (kind === "error") {
    node.classList.add("toast-bad")
    const use = node.querySelector("use")
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, "#circle-alert"))
  }
  if (action) {
    const button = node.querySelector("[data-toast-action]")
    button.textContent = action
    button.hidden = false
    button.addEventListener("click", () => {
      node.remove()
      onAction()
    })
  }
  document.querySelector("[data-toasts]").append(node)
  keep(node)
  return node
}

/** A request that failed, in the server's words or, without an answer, in the page's. */
export function complain(error) {
  toast(error.message || document.body.dataset.unreached, { kind: "error" })
}

export function enhanceToasts() {
  for (const node of document.querySelectorAll("[data-toast]")) keep(node)
}

function keep(node) {
  let timer
  const wait = () => {
    timer = setTimeout(() => node.remove(), SHOWN_MS)
  }
  const stay = () => clearTimeout(timer)
  node.querySelector("[data-toast-close]").addEventListener("click", () => node.remove())
  node.addEventListener("pointerenter", stay)
  node.addEventListener("pointerleave", wait)
  node.addEventListener("focusin", stay)
  node.addEventListener("focusout", wait)
  wait()
}
