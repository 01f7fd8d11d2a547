// The brand colour and the theme, as the settings have them now.

import { darkRules, readable, textOn } from "./colour.js"

const dark = darkRules(document.styleSheets[0])

export function paint({ primary_color: brand, options: { theme } }) {
  const { style } = document.documentElement
  dark.choose(theme)
  style.colorScheme = theme === "auto" ? "" : theme
  style.setProperty("--pb-brand", brand)
  style.setProperty("--pb-on", textOn(brand))
  style.setProperty("--pb-ink-light", readable(brand, "#f2f2f6"))
  style.setProperty("--pb-ink-dark", readable(brand, "#24262f"))
}
