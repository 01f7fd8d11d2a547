// Faces and times, as small as they are shown.

import { el } from "./dom.js"
import { icon, STAR } from "./icons.js"

const HUES = 3

/** The picture, else two letters on a quiet colour that a name always gets again; Theo's star. */
export function avatar(name, picture, isTheo) {
  if (isTheo) return el("span", { class: "pb-av pb-av-theo", "aria-hidden": "true" }, icon(STAR))
  const words = name.trim().split(/\s+/)
  const letters = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...word][0] ?? "").join("")
  const hue = [...name].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % HUES
  const face = el("span", { class: `pb-av pb-av-${hue}`, "aria-hidden": "true" }, letters.toUpperCase())
  if (picture) {
    const image = el("img", { src: picture, alt: "", referrerpolicy: "no-referrer", onerror: () => image.remove() })
    face.append(image)
  }
  return face
}

/** Into its place: a dot and the words of availability.js. */
export function showPresence(place, state, text) {
  place.dataset.state = state
  place.replaceChildren(...(text ? [el("i", { class: "pb-dot" }), text] : []))
}

// As the visitor is used to it where their browser speaks the chat's language, else as that language has it.
const { lang } = document.documentElement
const locale = navigator.languages.find((each) => each.split("-")[0] === lang.split("-")[0]) ?? lang
const format = (options) => new Intl.DateTimeFormat(locale, options)
const clock = format({ timeStyle: "short" })
const date = format({ day: "numeric", month: "short" })
const dateOfYear = format({ day: "numeric", month: "short", year: "numeric" })
const weekday = format({ weekday: "long" })
const exact = format({ dateStyle: "full", timeStyle: "short" })

export const time = (iso) =>
  el("time", { datetime: iso, title: exact.format(new Date(iso)) }, clock.format(new Date(iso)))

/** "09:00", for the middle of a sentence. */
export const hour = (iso) => clock.format(new Date(iso))

/** days: how many from today on the visitor's calendar, negative for what is past. weekday: "Monday". */
export function dayOf(iso) {
  const midnight = (moment) => new Date(moment).setHours(0, 0, 0, 0)
  const days = Math.round((midnight(new Date(iso)) - midnight(Date.now())) / 86_400_000)
  return { days, weekday: weekday.format(new Date(iso)) }
}

/** Today, Yesterday, 12 May, 12 May 2024. */
export function day(iso, texts) {
  const then = new Date(iso)
  const { days } = dayOf(iso)
  if (days > -1) return texts.today
  if (days === -1) return texts.yesterday
  return (then.getFullYear() === new Date().getFullYear() ? date : dateOfYear).format(then)
}

/** The time of today, else the day. */
export function when(iso, texts) {
  const text = day(iso, texts)
  return text === texts.today ? time(iso) : text
}
