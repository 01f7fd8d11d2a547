// A picture of the thread, large; without us, or in another tab, its address opens it as well.

export function enhancePictures() {
  const dialog = document.getElementById("picture")
  const full = dialog.querySelector("[data-full]")
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return
    const link = event.target.closest("[data-picture]")
    if (!link) return
    event.preventDefault()
    dialog.querySelector("#picture-name").textContent = link.dataset.name
    dialog.querySelector("[data-save]").href = link.href
    full.src = link.href
    full.alt = link.dataset.name
    dialog.showModal()
  })
  dialog.addEventListener("close", () => full.removeAttribute("src"))
}
