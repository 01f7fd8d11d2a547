// What goes out: the visitor's words and files, in order and once, and that they are writing.

import { el } from "./dom.js"
import { on } from "./events.js"
import * as host from "./host.js"
import { introduced } from "./identity.js"
import { refresh, take, threads } from "./incoming.js"
import { dial, emit, state } from "./line.js"
import { LATER, Outbox, uuid } from "./outbox.js"
import { settings, texts } from "./settings.js"
import { typingSignal } from "./typing.js"
import { know, visitor } from "./visitor.js"

let attach // the code for files, once it is here
export const left = [] // files that wait for it

/** It comes with the first of them. */
export async function attachment() {
  attach = await import("./attach.js")
  attach.speak(texts)
  return attach
}

// What a person writes while nobody lets us in waits for a person: that we are let in again, nobody tells us.
const refused = { code: "refused" }

/** Some of its files are not with the server. */
const lacks = (item) => item.files?.some(({ url }) => !url)

export const outbox = new Outbox({
  async send(item) {
    if (state === "refused") return { error: refused }
    await introduced
    const stored = () => outbox.store(item)
    const isOnline = () => state === "online"
    const error = lacks(item) && (await attach.takeUp(item, settings.id, visitor.key, isOnline, stored))
    if (error && (LATER.includes(error.code) || !setApart(item, error))) return { error }
    return emit("client_message", {
      content: item.content,
      client_message_id: item.id,
      visitor_key: visitor.key || undefined,
      customer: { ...(!visitor.key && visitor.customer), ...item.customer },
      attachments: item.files?.map(({ url }) => url),
      conversation_id: item.conversation_id,
      new: !item.conversation_id,
    })
  },
  keep: host.keep,
  sent(item, ack) {
    attach?.letGo(item)
    if (ack.visitor_key && ack.visitor_key !== visitor.key) {
      know(ack.visitor_key)
      refresh()
    }
    host.message(ack.message)
    on.new_message({ ...ack.message, client_message_id: item.id })
  },
  changed: () => on.changed(),
})

/** What other pages left here, or (null) have taken away: it is sent, or was taken back. */
export function restore(kept) {
  for (const [name, text] of Object.entries(kept)) if (name.startsWith(DRAFT)) drafts[name.slice(DRAFT.length)] = text
  for (const item of outbox.items) if (kept[`outbox:${item.id}`] === null) takeBack(item)
  for (const item of outbox.restore(kept).filter(lacks)) {
    item.away = true
    attachment().then(
      ({ inherit }) => inherit(item, outbox),
      () => {}, // it stays kept for the next page
    )
  }
  on.changed()
}

on.refused = () => outbox.stop(refused)
on.new_message = (message) => {
  const ours = outbox.items.find(({ id }) => id === message.client_message_id)
  const its = threads.get(ours?.thread)
  const written = its && !its.id && draftOf(its)
  if (written) {
    draft(its, "")
    draft({ id: message.conversation_id }, written)
  }
  take(message, ours?.thread)
}

// What no text may hold (foundation/text.py).
const clean = (text) => text.replace(/[\0\ud800-\udfff]/gu, "\ufffd")

/** Something was said in it, if only here. */
export const isBegun = (thread) => Boolean(thread.id) || outbox.items.some((item) => thread.owns(item))

// What is written in a conversation and not sent: by its id, as long as it has none by the outbox's key, and by "" for
// one that is not begun.
const DRAFT = "draft:"
const drafts = {}
export const nameOf = (thread) => thread.id ?? (isBegun(thread) ? thread.key : "")
export const draftOf = (thread) => drafts[nameOf(thread)] ?? ""

export function draft(thread, text) {
  const name = nameOf(thread)
  drafts[name] = text
  host.keep(DRAFT + name, text || null)
}

export function send(thread, content, files, customer) {
  writing.stop()
  draft(thread, "")
  thread.asked = ""
  const item = { id: uuid(), content: clean(content), thread: thread.key, conversation_id: thread.id, customer }
  if (files.length) {
    item.files = files.map(({ name }) => ({ name }))
    attach.hold(item, files)
  }
  outbox.add(item)
}

/** What was said goes, whatever becomes of the files beside it. Returns false where they are all there is. */
function setApart(item, error) {
  if (!item.content || !outbox.items.includes(item)) return false
  const theirs = { ...item, id: uuid(), content: "", error }
  attach.pass(item, theirs)
  item.files = undefined
  outbox.items.push(theirs)
  outbox.store(item)
  outbox.store(theirs)
  return true
}

export function again(item) {
  if (state === "refused") dial()
  outbox.retry(item)
}

export function takeBack(item) {
  attach?.letGo(item)
  outbox.remove(item)
}

/** Somebody else is here now: what was not sent is not theirs to send. kept: what is left of it. */
export function part(kept) {
  for (const item of outbox.items) if (!kept[`outbox:${item.id}`]) takeBack(item)
  for (const id in drafts) if (!kept[DRAFT + id]) draft({ id }, "")
  attach?.leave()
  left.length = 0
}

/** What is shown of an item's files: themselves, or their names when a page before this one had them. */
export const previews = (item) =>
  attach?.previews(item) ?? item.files.map(({ name }) => el("p", { class: "pb-b" }, name))
/** How much of them is there; nothing when none of them is on its way from here. */
export const progress = (item) => attach?.progress(item)

const writing = typingSignal(emit)

export function writes(thread, text) {
  draft(thread, text)
  writing.wrote(thread.id, text)
}
