// Menus are <details>: the browser opens them; we close them as menus are closed.

export function enhanceMenus() {
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("[data-pop][open]")) {
      if (!menu.contains(event.target)) menu.open = false
    }
  })
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("[data-pop][open]")
    if (event.key !== "Escape" || !menu) return
    menu.open = false
    menu.querySelector("summary").focus()
    event.stopPropagation()
  })
}
