// What a visitor is asked before a conversation begins and when it is over. The code for it comes with the first time.

import { presence } from "./availability.js"
import { on } from "./events.js"
import { draft, draftOf, isBegun } from "./outgoing.js"
import { settings, texts } from "./settings.js"
import { ask, visitor } from "./visitor.js"

const ANSWERS = { id: "form" } // what is written in it is kept as if it were a conversation's

let forms
const load = async () => {
  forms ??= await import("./forms.js")
  return forms
}

/** Before it begins: "prechat", "offline", or "" for nothing. */
export function askedFirst(thread) {
  if (isBegun(thread)) return ""
  const { availability, options } = settings
  const { offline_form: offline, prechat } = options
  if (offline && !availability.is_open && !visitor.hasEmail && !visitor.customer?.email) return "offline"
  return prechat.enabled && !visitor.key && !visitor.customer ? "prechat" : ""
}

/** The form for it; rejects when its code does not come. message: what is already written. */
export async function formFor(which, message, onSend) {
  const { askFirst } = await load()
  const present = presence(settings.availability, texts).text
  const keep = (text) => draft(ANSWERS, text)
  return askFirst({ which, settings, texts, present, message, kept: draftOf(ANSWERS), keep, onSend })
}

export const isOver = (status) => ["resolved", "closed"].includes(status)

/** What stands at the end of a conversation that is over, which is `known` to the list: a rating, a way to have it mailed. */
export function endingOf(thread, known) {
  const post = (what, body) => ask(`/${thread.id}/${what}`, body)
  if (!isOver(known?.status)) thread.ending = undefined
  else if (thread.messages.some(({ sender_type }) => sender_type === "agent")) {
    if (forms) thread.ending ??= forms.ending({ texts, settings, visitor, rating: known.rating ?? {}, post })
    else load().then(on.changed, () => {}) // the next look at it asks again
  }
  return thread.ending
}
