// Files that are too many, or too big together: said where they were chosen, for the server ends such a request without
// its page.

export function enhancePicked(fields) {
  for (const field of fields) {
    const said = field.form.querySelector("[data-too-much]")
    const isTooMuch = () => {
      const files = [...field.files]
      const bytes = files.reduce((sum, file) => sum + file.size, 0)
      const isSo = files.length > Number(field.dataset.mostFiles) || bytes > Number(field.dataset.mostBytes)
      said.hidden = !isSo
      field.ariaInvalid = String(isSo)
      return isSo
    }
    field.addEventListener("change", isTooMuch)
    // Before the form is held to be on its way.
    field.form.addEventListener(
      "submit",
      (event) => {
        if (!isTooMuch()) return
        event.preventDefault()
        event.stopImmediatePropagation()
        field.focus()
      },
      true,
    )
    isTooMuch() // of what was chosen before we were here
  }
}
