// One conversation as far as it is known here: messages by seq, and where one is missing.

export class Thread {
  messages = [] // rising seq
  typing = false // somebody on the other side is
  busy = false // we are asking for messages

  /** id: of the conversation; null while the first message is still on its way. key: what the outbox calls it. */
  constructor(id, key = id) {
    this.id = id
    this.key = key
    this.loaded = id === null // nothing has been said before
  }

  /** Take in messages in any order, repeats too. Returns those that were not known. */
  add(messages) {
    const known = new Map(this.messages.map((message) => [message.seq, message]))
    const fresh = messages.filter(({ seq }) => !known.has(seq))
    for (const message of messages) known.set(message.seq, { ...known.get(message.seq), ...message })
    this.messages = [...known.values()].sort((one, other) => one.seq - other.seq)
    return fresh
  }

  get first() {
    return this.messages[0]?.seq ?? 0
  }

  get last() {
    return this.messages.at(-1)?.seq ?? 0
  }

  /** The seq up to which nothing is missing, counted from the first message we have. */
  get whole() {
    const at = this.messages.findIndex(({ seq }, index) => index && seq !== this.messages[index - 1].seq + 1)
    return at < 0 ? this.last : this.messages[at - 1].seq
  }

  owns(item) {
    return item.thread === this.key || (this.id !== null && item.conversation_id === this.id)
  }
}
