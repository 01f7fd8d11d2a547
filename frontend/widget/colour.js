// From one brand colour to readable ones (WCAG 2 contrast).

import { channels, luminance } from "../../static/js/contrast.js"

const toHex = (rgb) => `#${rgb.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("")}`

/** From 1 (alike) to 21 (black on white). */
export function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

const LIGHT = 1.05 / 4.5 - 0.05 // white on anything lighter has less than 4.5, and black more

/** What to write in on a fill of this colour: white as long as that is readable. */
export const textOn = (fill) => (luminance(fill) > LIGHT ? "#000000" : "#ffffff")

/** The colour, moved towards black or white, which do, only as far as it takes to read as text on `background`. */
export function readable(hex, background) {
  const end = luminance(background) > 0.18 ? 0 : 255
  for (let share = 0; ; share += 0.04) {
    const mixed = toHex(channels(hex).map((value) => value + (end - value) * share))
    if (!(contrast(mixed, background) < 4.5)) return mixed // nor go on for ever with what is no colour
  }
}

/**
 * The sheet's dark rules, the first that are for a medium: `choose` makes them count for a theme, "auto" (the system
 * decides), "light" or "dark".
 */
export function darkRules(sheet) {
  const { media } = [...sheet.cssRules].find((rule) => rule.media)
  return {
    choose(theme) {
      media.mediaText = { light: "not all", dark: "all" }[theme] ?? "(prefers-color-scheme: dark)"
    },
  }
}
