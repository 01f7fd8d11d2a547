// Where the reader is: pages show times, and take them, by this clock.

const YEAR = 365 * 24 * 3600

export function tellZone() {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  const secure = location.protocol === "https:" ? ";secure" : ""
  // biome-ignore lint/suspicious/noDocumentCookie: Firefox and Safari have no Cookie Store yet
  document.cookie = `zone=${timeZone};path=/;max-age=${YEAR};samesite=lax${secure}`
}
