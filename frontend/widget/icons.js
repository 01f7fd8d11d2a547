// Icons from Lucide (ISC), as the paths of a 24 px square.

export const ARROW_UP = ["m5 12 7-7 7 7", "M12 19V5"]
export const BELL = [
  "M10.268 21a2 2 0 0 0 3.464 0",
  "M3.262 15.326A1 1 0 0 0 4 17h16a1 1 0 0 0 .74-1.673C19.41 13.956 18 12.499 18 8A6 6 0 0 0 6 8c0 4.499-1.411 5.956-2.738 7.326",
]
export const STRUCK = "m2 2 20 20"
export const CHEVRON_LEFT = ["m15 18-6-6 6-6"]
export const CHEVRON_RIGHT = ["m9 18 6-6-6-6"]
export const CHEVRON_DOWN = ["m6 9 6 6 6-6"]
export const CLOCK = ["M12 2a10 10 0 1 0 0 20 10 10 0 1 0 0-20", "M12 6v6l4 2"]
export const FILE = [
  "M6 22a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2h8a2.4 2.4 0 0 1 1.704.706l3.588 3.588A2.4 2.4 0 0 1 20 8v12a2 2 0 0 1-2 2z",
  "M14 2v5a1 1 0 0 0 1 1h5",
]
export const MESSAGE = [
  "M2.992 16.342a2 2 0 0 1 .094 1.167l-1.065 3.29a1 1 0 0 0 1.236 1.168l3.413-.998a2 2 0 0 1 1.099.092 10 10 0 1 0-4.777-4.719",
]
export const PAPERCLIP = [
  "m16 6-8.414 8.586a2 2 0 0 0 2.829 2.829l8.414-8.586a4 4 0 1 0-5.657-5.657l-8.379 8.551a6 6 0 1 0 8.485 8.485l8.379-8.551",
]
/** What the launcher may show, by `launcher_icon`. */
export const LAUNCHER = {
  chat: MESSAGE,
  help: ["M12 2a10 10 0 1 0 0 20 10 10 0 1 0 0-20", "M9.09 9a3 3 0 0 1 5.83 1c0 2-3 3-3 3", "M12 17h.01"],
  mail: [
    "m22 7-8.991 5.727a2 2 0 0 1-2.009 0L2 7",
    "M4 4h16a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2",
  ],
}
export const SEND = [
  "M3.714 3.048a.498.498 0 0 0-.683.627l2.843 7.627a2 2 0 0 1 0 1.396l-2.842 7.627a.498.498 0 0 0 .682.627l18-8.5a.5.5 0 0 0 0-.904z",
  "M6 12h16",
]
export const SMILE = ["M12 2a10 10 0 1 0 0 20 10 10 0 1 0 0-20", "M8 14s1.5 2 4 2 4-2 4-2", "M9 9h.01", "M15 9h.01"]
export const WIFI_OFF = [
  "M12 20h.01",
  "M8.5 16.429a5 5 0 0 1 7 0",
  "M5 12.859a10 10 0 0 1 5.17-2.69",
  "M19 12.859a10 10 0 0 0-2.007-1.523",
  "M2 8.82a15 15 0 0 1 4.177-2.643",
  "M22 8.82a15 15 0 0 0-11.288-3.764",
  "m2 2 20 20",
]
export const X = ["M18 6 6 18", "m6 6 12 12"]

const SVG = "http://www.w3.org/2000/svg"

export function icon(paths) {
  const svg = document.createElementNS(SVG, "svg")
  svg.setAttribute("viewBox", "0 0 24 24")
  svg.setAttribute("aria-hidden", "true")
  for (const d of paths) {
    const path = document.createElementNS(SVG, "path")
    path.setAttribute("d", d)
    svg.append(path)
  }
  return svg
}
