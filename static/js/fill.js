// A button that fills in what is known of a choice, by the names of the fields: `data-fill data-smtp_host="..."`.

export function enhanceFills(part) {
  const words = part.querySelector("[data-fill-words]")
  part.hidden = false
  part.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fill]")
    if (!button) return
    for (const [name, value] of Object.entries(button.dataset)) {
      const field = part.closest("form").elements[name]
      if (field) field.value = value
    }
    words.textContent = button.dataset.words
    for (const each of part.querySelectorAll("[data-fill]")) each.setAttribute("aria-pressed", String(each === button))
  })
}
