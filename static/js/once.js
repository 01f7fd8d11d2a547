// A form that is on its way is not sent again by a second click, and says what takes its time (parts/busy.html).

export function enhanceForms() {
  for (const form of document.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) return event.preventDefault()
      form.dataset.sent = "true"
      const button = event.submitter ?? form.querySelector(".btn")
      button?.setAttribute("aria-busy", "true")
      tell(form, true)
    })
  }
  for (const field of document.querySelectorAll("[data-send-at-once]")) {
    field.addEventListener("change", () => field.value && field.form.requestSubmit())
  }
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent
      form.querySelector("[aria-busy]")?.removeAttribute("aria-busy")
      tell(form, false)
    }
  })
  document.querySelector('[aria-invalid="true"]')?.focus()
}

function tell(form, busy) {
  const words = form.querySelector("[data-busy]")
  if (words) words.hidden = !busy
}
