// Where there is no room for the lists beside, a button has them in their groups: those of the sidebar, as they are now.

export function enhanceLists(dialog) {
  const place = dialog.querySelector("[data-place]")
  document.querySelector("[data-lists]").addEventListener("click", () => {
    const lists = document.getElementById("lists").cloneNode(true)
    lists.removeAttribute("id")
    place.replaceChildren(lists)
    dialog.showModal()
    place.querySelector("[aria-current]")?.focus()
  })
  dialog.addEventListener("click", (event) => event.target.closest("a") && dialog.close())
}
