// What comes in: the visitor's conversations, as far as they are known here.
// A live event is a hint; what counts is the server's order (`seq`), and a hole in it is asked for.

import { Follow } from "../../static/js/follow.js"
import { Marks } from "../../static/js/marks.js"
import { on } from "./events.js"
import * as host from "./host.js"
import { emit } from "./line.js"
import { List } from "./list.js"
import { settings } from "./settings.js"
import { newest, Thread } from "./thread.js"
import { ask, visitor } from "./visitor.js"

const PAGE = 50 // messages shown of a long conversation at first, and each time more are asked for
const RECENT = 20 // messages that are asked for again after a break: somebody may have changed them
const TYPED_MS = 6_000 // how long the other side's word counts

export const list = new List()
export const threads = new Map() // those opened here, by conversation id and by the outbox's key
export const marks = new Marks(emit)

export function threadOf(id, outboxKey = id) {
  const its = threads.get(id) ?? threads.get(outboxKey) ?? follow(new Thread(id, outboxKey))
  threads.set(outboxKey, its)
  if (id) threads.set(id, its)
  return its
}

/** A message that we had not. */
function arrived(message) {
  if (message.sender_type !== "agent") return
  marks.delivered(message)
  host.message(message)
  if (settings.options.sound && !visitor.muted && !(host.isOpen && document.hasFocus())) {
    import("./sound.js").then(
      ({ chime }) => chime(),
      () => {},
    ) // unheard is not lost
  }
  list.came(message.conversation_id)
}

/** outboxKey: of the conversation, where it may be one that has just got its id. */
export function take(message, outboxKey) {
  const { conversation_id: id } = message
  const its = threads.get(id) ?? threads.get(outboxKey)
  const before = list.lastOf(id)
  list.note(message)
  if (its) {
    its.id = id
    threads.set(id, its)
    if (message.sender_type === "agent") its.typing = false
    its.follow.hear(message)
  } else if (message.seq > before) arrived(message)
  on.changed()
}

/** Its messages without a hole: the tail at first, later whatever came after that. */
function follow(its) {
  its.follow = new Follow({
    at: its.loaded ? 0 : undefined,
    async ask(at) {
      if (!its.id) return { error: {} } // nothing of it is with the server
      // After a break from a little before: what was said last may have been changed meanwhile.
      let seq = Math.max(0, at === undefined ? list.lastOf(its.id) - PAGE : at - RECENT)
      let ack
      do {
        ack = await emit("resume", { conversation_id: its.id, seq })
        for (const message of ack.messages ?? []) if (message.seq <= at) its.rewrite(message)
        seq = ack.seq
      } while (ack.more && seq < at) // those alone may be more than an answer holds
      const theirs = ack.messages?.findLast(({ sender_type }) => sender_type === "agent")
      if (theirs) marks.delivered(theirs)
      if (theirs && its.loaded) refresh() // how many of them are unread is the server's to say
      return ack
    },
    take(messages, live) {
      const fresh = its.add(messages)
      if (live || its.loaded) fresh.forEach(arrived)
    },
  })
  return its
}

export async function catchUp(its) {
  await its.follow.catchUp()
  its.loaded = its.follow.at !== undefined
  on.changed()
}

export async function earlier(its) {
  const { first } = its
  let seq = Math.max(0, first - 1 - PAGE)
  while (seq < first - 1) {
    const ack = await emit("resume", { conversation_id: its.id, seq })
    if (ack.error || !ack.messages.length) break
    its.add(ack.messages.filter((message) => message.seq < first))
    seq = ack.messages.at(-1).seq
  }
  on.changed()
}

/** The list of conversations, asked at every connection: it tells of those that are not open here. cursor: of a page. */
export async function refresh(cursor) {
  const { key } = visitor
  if (!key) return
  const answer = await ask(cursor && `?cursor=${encodeURIComponent(cursor)}`)
  if (answer.error || key !== visitor.key) return // the next connection asks again
  visitor.hasEmail = answer.has_email
  for (const { id, last_message: last } of answer.results) {
    if (!last) continue
    threads.get(id)?.heardOf(last)
    if (last.sender_type === "agent") marks.delivered(last)
  }
  list.take(answer, (id) => threads.get(id)?.seen ?? 0, cursor)
  on.changed()
}

let turning
/** The next page of the list, where there is one. */
export async function turn() {
  if (!list.next || turning) return
  turning = true
  await refresh(list.next)
  turning = false
}

/** After a break, of whatever kind. */
export function caughtUp() {
  marks.flush()
  refresh()
  for (const its of new Set(threads.values())) catchUp(its)
}

export function forget() {
  threads.clear()
  list.clear()
}

function reached({ conversation_id: id, seq }, what) {
  threads.get(id)?.reached(what, seq)
  on.changed()
}

Object.assign(on, {
  /** Other words, or none any more, where a message stood. */
  message_updated(message) {
    const { conversation_id: id, seq } = message
    const known = list.of(id)
    if (known?.last_message?.seq === seq) known.last_message = newest(known.last_message, message)
    threads.get(id)?.rewrite(message)
    on.changed()
  },
  conversation_updated({ id, status, assignee }) {
    const known = list.of(id)
    if (known) Object.assign(known, { status, assignee })
    on.changed()
  },
  typing({ conversation_id: id, user_id: agent, is_typing: typing }) {
    const its = threads.get(id)
    if (!its || agent === null) return // null: another tab of this visitor
    its.typing = typing
    clearTimeout(its.typed)
    if (typing) its.typed = setTimeout(on.typing, TYPED_MS, { conversation_id: id })
    on.changed()
  },
  delivered: (receipt) => reached(receipt, "delivered"),
  read: (receipt) => reached(receipt, "read"),
})
