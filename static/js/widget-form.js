// The widget's preview follows its form: words, colour, and black or white on it, whichever reads better.

const SWATCHES = ["#7650FF", "#0F5F59", "#1F5FD6", "#C4347E", "#C2410C", "#26272F"]

export function enhanceWidgetForm(form) {
  const stage = document.querySelector("[data-preview-stage]")
  const colour = form.querySelector('[data-preview="colour"]')
  const set = form.querySelector("[data-swatches]")
  const hint = form.querySelector("[data-contrast]")
  const words = hint.dataset.words

  const show = () => {
    for (const input of form.querySelectorAll("[data-preview]")) {
      const part = stage.querySelector(`[data-show="${input.dataset.preview}"]`)
      if (input.type === "checkbox") part.hidden = !input.checked
      else if (part) part.textContent = input.value || part.dataset.blank || ""
    }
    const rgb = parse(colour.value)
    for (const swatch of set.children)
      swatch.setAttribute("aria-pressed", String(swatch.value === colour.value.toUpperCase()))
    if (!rgb) return
    const light = luminance(rgb)
    const [onWhite, onBlack] = [1.05 / (light + 0.05), (light + 0.05) / 0.05]
    stage.style.setProperty("--pv-brand", colour.value)
    stage.style.setProperty("--pv-on", onWhite >= 4.5 || onWhite > onBlack ? "#fff" : "#000")
    hint.textContent = words.replace("{ratio}", (onWhite >= 4.5 ? onWhite : Math.max(onWhite, onBlack)).toFixed(1))
  }

  if (!colour.disabled) {
    for (const value of SWATCHES) {
      const swatch = document.createElement("button")
      Object.assign(swatch, { type: "button", className: "swatch", value, ariaLabel: value })
      swatch.style.setProperty("--swatch", value)
      swatch.addEventListener("click", () => {
        colour.value = value
        show()
      })
      set.append(swatch)
    }
    set.hidden = false
  }
  form.addEventListener("input", show)
  show()
}

/** Chips that say a colour in a list. */
export function showColours() {
  for (const element of document.querySelectorAll("[data-colour]")) {
    element.style.setProperty("--chip", element.dataset.colour)
  }
}

function parse(text) {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(text)
  const long = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text)
  if (short) return short.slice(1).map((digit) => parseInt(digit + digit, 16))
  return long?.slice(1).map((digits) => parseInt(digits, 16))
}

/** Relative luminance, 0 to 1. Source: WCAG 2.2, "relative luminance". */
function luminance(rgb) {
  const [red, green, blue] = rgb.map((value) => {
    const part = value / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
