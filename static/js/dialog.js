// `data-dialog="id"` opens the <dialog>; a link with it leads to a page that asks the same without us.

export function enhanceDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]")
    if (opener) {
      event.preventDefault()
      document.getElementById(opener.dataset.dialog).showModal()
    } else if (event.target.nodeName === "DIALOG") event.target.close() // the backdrop
  })
}
