// Icons from Lucide (ISC), as a path in a 24 px square; of its versions the one that takes the fewest bytes.

import { button } from "./dom.js"

export const ALERT = "M12 2a10 10 0 1 0 0 20 10 10 0 1 0 0-20M12 8v4M12 16h.01"
export const ARROW_UP = "m5 12 7-7 7 7M12 19V5"
export const BELL = "M6 8a6 6 0 0 1 12 0c0 7 3 9 3 9H3s3-2 3-9M10.3 21a2 2 0 0 0 3.4 0"
export const STRUCK = "M2 2 22 22"
/** Theo's, of our own drawing. */
export const STAR = "m12 2.5 2.4 7.1 7.1 2.4-7.1 2.4-2.4 7.1-2.4-7.1-7.1-2.4 7.1-2.4z"
export const CHEVRON_LEFT = "m15 18-6-6 6-6"
export const CHEVRON_RIGHT = "m9 18 6-6-6-6"
export const CHEVRON_DOWN = "m6 9 6 6 6-6"
export const CLOCK = "M12 2a10 10 0 1 0 0 20 10 10 0 1 0 0-20M12 6v6l4 2"
export const FILE = "M15 2H6a2 2 0 0 0-2 2v16a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2V7ZM14 2v4a2 2 0 0 0 2 2h4"
export const MESSAGE = "M7.9 20A9 9 0 1 0 4 16.1L2 22Z"
export const PAPERCLIP = "m16 6-8.4 8.6a2 2 0 0 0 2.8 2.8l8.4-8.6a4 4 0 1 0-5.6-5.6l-8.4 8.5a6 6 0 1 0 8.5 8.5l8.4-8.5"
/** What the launcher may show, by `launcher_icon`. */
export const LAUNCHER = {
  chat: MESSAGE,
  help: "M12 2a10 10 0 1 0 0 20 10 10 0 1 0 0-20M9.1 9a3 3 0 0 1 5.8 1c0 2-3 3-3 3M12 17h.01",
  mail: "m22 7-9 5.7a2 2 0 0 1-2 0L2 7M4 4h16a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2",
}
export const SEND = "m3 3 3 9-3 9 19-9ZM6 12h16"
export const SMILE = "M12 2a10 10 0 1 0 0 20 10 10 0 1 0 0-20M8 14s1.5 2 4 2 4-2 4-2M9 9h.01M15 9h.01"
export const X = "M18 6 6 18M6 6 18 18"

const SVG = "http://www.w3.org/2000/svg"

export function icon(d) {
  const svg = document.createElementNS(SVG, "svg")
  svg.setAttribute("viewBox", "0 0 24 24")
  svg.setAttribute("aria-hidden", "true")
  const path = document.createElementNS(SVG, "path")
  path.setAttribute("d", d)
  svg.append(path)
  return svg
}

/** A button that is nothing but its icon. */
export const tool = (name, d, more) => button({ class: "pb-ib", "aria-label": name, ...more }, icon(d))
