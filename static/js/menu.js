// Menus are <details>: the browser opens them; we close them as menus are closed, and arrows go through them.

const STEPS = { ArrowDown: 1, ArrowUp: -1 }

/** Put the focus on what is chosen in a menu, or on its first entry. */
export function openMenu(menu) {
  menu.open = true
  const chosen = menu.querySelector(".menu-item[aria-current]") ?? menu.querySelector(".menu-item")
  chosen?.focus()
}

export function enhanceMenus() {
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("[data-pop][open]")) {
      if (!menu.contains(event.target)) menu.open = false
    }
  })
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("[data-pop][open]")
    const isField = event.target.matches?.("input") // it has its own use for arrows
    if (menu && STEPS[event.key] && !isField && step(menu, STEPS[event.key])) event.preventDefault()
    if (event.key !== "Escape" || !menu) return
    menu.open = false
    menu.querySelector("summary").focus()
    event.preventDefault() // it is no key for anything else
  })
}

/** False where there is nothing to go through: the key is the field's then. */
function step(menu, by) {
  const items = [...menu.querySelectorAll(".menu-item")].filter((item) => item.checkVisibility())
  if (!items.length) return false
  const at = items.indexOf(document.activeElement)
  items[at < 0 && by < 0 ? items.length - 1 : (at + by + items.length) % items.length].focus()
  return true
}
