// One conversation as far as it is known here: messages by seq, and how far the team is with ours.

/** When it was changed; times of one message only grow. */
const changedAt = ({ edited_at, deleted_at }) => `${edited_at ?? ""},${deleted_at ?? ""}`

/** One message from two copies of it: an answer that was long on its way takes no later change back. */
export const newest = (known, message) =>
  known && changedAt(known) > changedAt(message) ? { ...message, ...known } : { ...known, ...message }

export class Thread {
  messages = [] // rising seq
  #changed = new Map() // by seq: what became of messages that are not here, or still on their way
  typing = false // somebody on the other side is
  seen = 0 // by the visitor: up to which seq
  asked // before it begins: "prechat", "offline" or ""; undefined until somebody looks at it
  ending // what stands at its end, once it is over
  received = { delivered: 0, read: 0 } // by the team, of what the visitor wrote: up to which seq

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
    for (const message of messages) {
      const { seq } = message
      known.set(seq, newest(known.get(seq) ?? this.#changed.get(seq), message))
      this.heardOf(message)
    }
    this.messages = [...known.values()].sort((one, other) => one.seq - other.seq)
    return fresh
  }

  /** A message that says something else now; one that is not known may be on its way as it was. */
  rewrite(message) {
    if (this.messages.some(({ seq }) => seq === message.seq)) this.add([message])
    else this.#changed.set(message.seq, newest(this.#changed.get(message.seq), message))
  }

  get first() {
    return this.messages[0]?.seq ?? 0
  }

  get last() {
    return this.messages.at(-1)?.seq ?? 0
  }

  /** What a message says of how far the team is with it. */
  heardOf({ sender_type, seq, delivered_at, read_at }) {
    if (sender_type !== "customer") return
    if (delivered_at) this.reached("delivered", seq)
    if (read_at) this.reached("read", seq)
  }

  /** Receipts come in any order, and may come before what they are about. What was read was delivered. */
  reached(what, seq) {
    this.received[what] = Math.max(this.received[what], seq)
  }

  /** Of a message of ours: "sent", "delivered" or "read". */
  stateOf({ seq }) {
    return ["read", "delivered"].find((what) => seq <= this.received[what]) ?? "sent"
  }

  owns(item) {
    return item.thread === this.key || (this.id !== null && item.conversation_id === this.id)
  }
}
