// The log of a conversation, which stays at its end as long as the visitor is there.

import { button, el, place } from "./dom.js"
import { on } from "./events.js"
import { CHEVRON_DOWN, icon } from "./icons.js"
import { texts } from "./settings.js"

const NEAR_END = 48 // pixels: closer than this is there

const rows = new Map() // key -> element, kept as long as the entry is shown: a live region must not repeat itself
let newest = 0

/** Whether the newest message is in view, when the view is. */
export let atEnd = true

export const log = el("div", { class: "pb-log", role: "log", tabindex: "0", "aria-label": texts.messages })
/** The way to what came below. */
export const below = button({ class: "pb-pill pb-below" }, icon(CHEVRON_DOWN), texts.newMessages)
below.hidden = true

const toEnd = () => {
  log.scrollTop = log.scrollHeight
}
log.onscroll = () => {
  atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END
  if (!atEnd) return
  below.hidden = true
  on.looked()
}
new ResizeObserver(() => atEnd && toEnd()).observe(log)

/** To the end, with whatever is said next. */
export function follow() {
  atEnd = true
  toEnd()
}

/** Another conversation comes: nothing of the last one stays. */
export function clear() {
  rows.clear()
  log.replaceChildren()
  atEnd = true
  newest = 0
}

function draw(row, { className, state, make, note, version = "" }) {
  const { dataset } = row
  if (dataset.version !== version) {
    dataset.version = version
    dataset.state = ""
    row.replaceChildren(...make())
  }
  row.className = className
  if (note && dataset.state !== state) {
    dataset.state = state
    row.querySelector("small")?.remove()
    row.append(note())
  }
}

/** What entries.js says of a thread. Returns whether the focus went with something that is gone. */
export function fillLog(entries, { first, last }, isLoading) {
  const height = log.scrollHeight
  const anchor = log.scrollTop
  const top = log.dataset.first
  log.setAttribute("aria-busy", isLoading)
  const isLost = place(log, rows, entries, () => el("div"), draw)
  log.dataset.first = first
  if (atEnd) toEnd()
  else if (top && top !== log.dataset.first) log.scrollTop = anchor + log.scrollHeight - height
  if (last > newest && newest && !atEnd) below.hidden = false
  newest = last
  return isLost
}
