// Whether somebody is there: looked at again while the chat is open, and when it is known to change.

import { on } from "./events.js"
import { isLooking } from "./host.js"
import { settings } from "./settings.js"

const FRESH_MS = 30_000 // so long we believe what we heard, if nobody tells us otherwise
const SPREAD_MS = 2_000 // within which all open chats look

let askedAt = Date.now() // 0: what we have is old
let turns // the timer for the hour that changes it

export async function look() {
  if (settings.preview || !isLooking() || Date.now() - askedAt < FRESH_MS) return
  askedAt = Date.now()
  const answer = await fetch(`/api/v1/widget/${settings.id}/availability`).catch(() => {})
  if (!answer?.ok) return // the next look tells
  settings.availability = await answer.json()
  on.changed()
  wait()
}

on.availability_changed = () => {
  askedAt = 0
  setTimeout(look, Math.random() * SPREAD_MS) // not all at once
}

/** Nobody tells when the hours begin or end: that is known before, by a week at most. */
function wait() {
  clearTimeout(turns)
  const { changes_at: at } = settings.availability
  if (at) turns = setTimeout(on.availability_changed, new Date(at) - Date.now())
}
wait()
