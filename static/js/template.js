// What the customer will read, while its blanks are filled.

export function enhanceTemplate(form) {
  const show = () => {
    const filled = [...form.querySelectorAll("[name=blank]")].map((field) => field.value.trim())
    for (const blank of form.querySelectorAll("[data-blank]"))
      blank.textContent = filled[blank.dataset.blank - 1] || blank.dataset.empty
  }
  form.addEventListener("input", show)
  show()
}
