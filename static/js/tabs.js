// static/js/tabs.js: a strip of tabs that is wider than the phone starts with the current one in sight.

export function enhanceTabs() {
  for (const strip of document.querySelectorAll(".tabs")) {
    const current = strip.querySelector("[aria-current]")
    if (current) strip.scrollLeft = current.offsetLeft - (strip.clientWidth - current.offsetWidth) / 2
  }
}
