// What the visitor wrote and the server has not confirmed yet: sent in order, one at a time, each once.
//
// An item is {id, content, files, thread, conversation_id, at, error, away}. `id` goes along as client_message_id, so
// that a repeat is no second message. Without a conversation_id it opens a conversation; the others of its `thread` follow it
// there. files: [{name, url}], without an address as long as the file itself is not with the server.
// Every item lies in the host page's storage until the server has it, so that it survives a reload; `error` is the
// server's final refusal, and such an item waits for a person. All pages of one browser have the same items: whichever
// is connected first sends them all, in order. One that is `away` is another page's to send.

import { backoff } from "../../static/js/socket.js"

export const LATER = ["offline", "timeout", "rate_limited", "busy"] // not the message's fault
const MOST_TIMEOUTS = 5
const MOST_MS = 60_000

/** For an item. The address of a blob ends in one; `crypto.randomUUID` is missing where a house tries us over plain http. */
export function uuid() {
  const address = URL.createObjectURL(new Blob())
  URL.revokeObjectURL(address)
  return address.slice(-36)
}

/** Any script of the page may write there, too, and one wrong entry must not take all the others along. */
const isOurs = ({ id, content, files = [], at }, name) =>
  name === `outbox:${id}` && content?.trim && new Date(at).toJSON() && files.every((file) => file.name.trim)

/** An item as another page knows it: begun somewhere, refused, or (of those that have its files) some of them up. */
function join(ours, { conversation_id, files, error }) {
  ours.conversation_id ??= conversation_id
  if (ours.away) ours.files = files
  ours.error = error
}

export class Outbox {
  items = []
  #sending = false
  #tries = 0 // of the item that is next
  #timeouts = 0 // of them

  /**
   * send(item) -> Promise of the ack. keep(name, text or null) stores or forgets.
   * sent(item, ack) and changed() tell the page.
   */
  constructor(page) {
    Object.assign(this, page)
  }

  /** What another page left or wrote: {"outbox:<id>": "<JSON>"} among other things. Returns what is new of it. */
  restore(kept) {
    const more = []
    for (const [name, text] of Object.entries(kept)) {
      if (!name.startsWith("outbox:")) continue
      try {
        const item = JSON.parse(text)
        if (!isOurs(item, name)) throw item
        const ours = this.items.find(({ id }) => id === item.id)
        if (ours) join(ours, item)
        else more.push(item)
      } catch {
        this.keep(name, null)
      }
    }
    this.items = [...this.items, ...more].sort((one, other) => one.at - other.at)
    return more
  }

  add(item) {
    item.at = Math.max(Date.now(), (this.items.at(-1)?.at ?? 0) + 1)
    this.items.push(item)
    this.store(item)
    this.flush()
  }

  /** Once more, after those that were written since. */
  retry(item) {
    this.items = this.items.filter((other) => other !== item)
    item.error = undefined
    this.add(item)
  }

  remove(item) {
    this.items = this.items.filter((other) => other !== item)
    this.keep(`outbox:${item.id}`, null)
    this.#tell("changed")
  }

  /** The visitor who wrote all this is none any more: it goes out as somebody else's only when a person says so. */
  stop(error) {
    for (const item of this.items) {
      item.error ??= error
      this.store(item)
    }
    this.#tell("changed")
  }

  /** Send what waits. Called whenever there is a reason to believe that it works: a new item, a new connection. */
  async flush() {
    this.#tell("changed")
    if (this.#sending) return
    this.#sending = true
    try {
      while (await this.#post());
    } finally {
      this.#sending = false
    }
  }

  /** The next one. True when it is through, one way or the other. */
  async #post() {
    const item = this.items.find(({ error, away }) => !error && !away)
    if (!item) return false
    const ack = await this.send(item)
    if (this.items.includes(item) && this.#waits(ack.error)) return false
    this.#tries = this.#timeouts = 0
    if (ack.error) {
      item.error = ack.error
      if (this.items.includes(item)) this.store(item) // else it was taken back meanwhile
      this.#tell("changed")
    } else {
      for (const other of this.items) {
        if (other.thread !== item.thread) continue
        other.conversation_id ??= ack.conversation_id
        this.store(other)
      }
      this.#tell("sent", item, ack)
      this.remove(item)
    }
    return true
  }

  /** An error in there is the page's: what waits goes out all the same. */
  #tell(what, ...about) {
    try {
      this[what](...about)
    } catch (error) {
      reportError(error)
    }
  }

  /** Whether the same item goes again later: with the next connection, or when the server may have time for it. */
  #waits({ code, retry_after: seconds } = {}) {
    if (!LATER.includes(code)) return false
    if (code === "offline") return true
    this.#tries += 1
    if (code === "timeout") return ++this.#timeouts < MOST_TIMEOUTS
    setTimeout(() => this.flush(), 1000 * seconds || backoff(this.#tries, Math.random(), MOST_MS))
    return true
  }

  /** Remember it as it is now, for whichever page. */
  store(item) {
    this.keep(`outbox:${item.id}`, JSON.stringify({ ...item, away: undefined }))
  }
}
