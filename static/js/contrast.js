// How light a colour is (WCAG 2.2), for our pages and for the widget.

/** "#75f" or "#7650FF" -> [118, 80, 255] */
export function channels(hex) {
  const digits = hex.length === 4 ? hex.replace(/[^#]/g, "$&$&") : hex
  return [1, 3, 5].map((start) => Number.parseInt(digits.slice(start, start + 2), 16))
}

/** Relative luminance, 0 to 1. Source: WCAG 2.2, "relative luminance". */
export function luminance(hex) {
  const [red, green, blue] = channels(hex).map((value) => {
    const part = value / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
