// System, light or dark: at once here, and in a cookie for the next page (accounts/views.py does the same without us).

const YEAR = 365 * 24 * 3600

export function enhanceTheme() {
  for (const form of document.querySelectorAll("[data-theme-switch]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault()
      choose(event.submitter.value)
    })
  }
}

function choose(theme) {
  const system = theme === "system"
  const secure = location.protocol === "https:" ? ";secure" : ""
  // biome-ignore lint/suspicious/noDocumentCookie: Firefox and Safari have no Cookie Store yet
  document.cookie = `theme=${system ? "" : theme};path=/;max-age=${system ? 0 : YEAR};samesite=lax${secure}`
  if (system) delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = theme
  for (const button of document.querySelectorAll("[data-theme-switch] [name=theme]")) {
    button.setAttribute("aria-pressed", String(button.value === theme))
  }
}
