// A form that is on its way is not sent again by a second click.

export function enhanceForms() {
  for (const form of document.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) return event.preventDefault()
      form.dataset.sent = "true"
      event.submitter?.setAttribute("aria-busy", "true")
    })
  }
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent
      form.querySelector("[aria-busy]")?.removeAttribute("aria-busy")
    }
  })
  document.querySelector('[aria-invalid="true"]')?.focus()
}
