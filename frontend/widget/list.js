// The visitor's conversations, newest first, and how many answers in them nobody has looked at yet.

export class List {
  isKnown = false // the server's has come
  rows = [] // {id, status, rating, last_message, assignee}
  unread = new Map() // conversation id -> how many

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

  /** What the server lists. seen(id): up to which seq the visitor has looked at it here. */
  take(listed, seen) {
    this.isKnown = true
    this.rows = listed.map(({ id, status, rating, unread, last_message }) => {
      const there = last_message?.seq ?? 0
      if (this.lastOf(id) > there) return this.of(id) // something happened while the answer was on its way
      if (unread && there > seen(id)) this.unread.set(id, unread)
      else this.unread.delete(id)
      return { ...this.of(id), id, status, rating, last_message }
    })
  }

  clear() {
    this.rows = []
    this.isKnown = false
    this.unread.clear()
  }
}
