// Whether somebody is there and how soon an answer comes, as the server says it, in words.

import { dayOf, hour } from "./people.js"

/**
 * {is_open, is_online, changes_at, reply_time} -> {state, text, short}. state: "online", "open" or "closed"; text: "" when
 * there is nothing to say; short: what matters most of it.
 */
export function presence({ is_open: isOpen, is_online: isOnline, changes_at: changes, reply_time: soon }, texts) {
  if (!isOpen) {
    const text = changes ? back(changes, texts) : texts.away
    return { state: "closed", text, short: text }
  }
  const reply = soon ? texts.replies[soon] : ""
  return isOnline
    ? { state: "online", text: [texts.online, reply].filter(Boolean).join(" · "), short: texts.online }
    : { state: "open", text: reply, short: reply }
}

/** In the visitor's own time, which is the one on their clock. */
function back(iso, texts) {
  const { days, weekday } = dayOf(iso)
  const time = hour(iso)
  if (days < 1) return texts.backToday({ time })
  return days === 1 ? texts.backTomorrow({ time }) : texts.backOn({ day: weekday, time })
}
