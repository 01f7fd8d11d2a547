// The visitor's conversations, newest first, and how many answers in them nobody has looked at yet.

import { newest } from "./thread.js"

export class List {
  isKnown = false // the server's has come
  rows = [] // {id, status, rating, last_message, assignee}
  unread = new Map() // conversation id -> how many
  next = null // the cursor of the page behind these rows

  of(id) {
    return this.rows.find((row) => row.id === id)
  }

  /** The seq of the last message that is known here. */
  lastOf(id) {
    return this.of(id)?.last_message?.seq ?? 0
  }

  get count() {
    return [...this.unread.values()].reduce((sum, each) => sum + each, 0)
  }

  came(id) {
    this.unread.set(id, (this.unread.get(id) ?? 0) + 1)
  }

  /** This message is the last of its conversation, which is the newest. */
  note(message) {
    const { conversation_id: id } = message
    const known = this.of(id) ?? { id, status: "open" }
    const seq = this.lastOf(id)
    if (seq > message.seq) return
    // Whoever writes again reopens it; that the server did so is told later.
    const status = message.sender_type === "customer" && seq < message.seq ? "open" : known.status
    this.rows = [{ ...known, status, last_message: message }, ...this.rows.filter((other) => other !== known)]
  }

  /** A page of what the server lists: the first, or `isNext`. seen(id): up to which seq the visitor has looked here. */
  take({ results, next }, seen, isNext) {
    this.isKnown = true
    const page = results.map((row) => {
      const { id, unread, last_message: last } = row
      const known = this.of(id)
      const [here, there] = [this.lastOf(id), last?.seq ?? 0]
      if (here > there) return known // something happened while the answer was on its way
      if (unread && there > seen(id)) this.unread.set(id, unread)
      else this.unread.delete(id)
      return { ...known, ...row, last_message: here && here === there ? newest(known.last_message, last) : last }
    })
    const [stay, come] = isNext ? [this.rows, page] : [page, next ? this.rows : []] // what further pages told stays
    this.rows = [...stay, ...come.filter(({ id }) => !stay.some((row) => row.id === id))]
    this.next = next
  }

  clear() {
    this.rows = []
    this.isKnown = false
    this.next = null
    this.unread.clear()
  }
}
