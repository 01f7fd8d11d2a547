// Whoever leaves a page with something written in its form and not saved is asked first: `data-unsaved`.

export function guardUnsaved(form) {
  const written = () => new URLSearchParams(new FormData(form)).toString()
  const saved = written()
  const wasRefused = form.querySelector(".error") !== null // nothing of it is saved
  let isGivenUp = false
  form.querySelector("[data-give-up]")?.addEventListener("click", () => {
    isGivenUp = true
  })
  addEventListener("beforeunload", (event) => {
    if (isGivenUp || form.dataset.sent) return // once.js
    if (wasRefused || written() !== saved) event.preventDefault()
  })
}
