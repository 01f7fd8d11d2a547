// Tells the other side how far we are with what it wrote: the newest message of each conversation, a moment later, so
// that a burst is one mark; after a break again, until the server has it.

const CALM_MS = 300
const AGAIN_MS = 5_000
const FINAL = ["invalid", "not_found"] // of these marks; whatever else is wrong may pass

export class Marks {
  #newest = new Map() // event and conversation -> {event, id, seq}
  #told = new Map() // the same -> the seq that the server has
  #timer = 0
  #busy = false

  /** emit(event, payload) -> Promise of the ack. */
  constructor(emit) {
    this.emit = emit
  }

  /** We have it. */
  delivered(message) {
    if (!message.delivered_at) this.#note("mark_delivered", message)
  }

  /** A person has seen it. */
  read(message) {
    if (!message.read_at) this.#note("mark_read", message)
  }

  /** Say what was not said yet. */
  async flush() {
    clearTimeout(this.#timer)
    this.#timer = 0
    if (this.#busy) return this.#soon(CALM_MS)
    this.#busy = true
    try {
      for (const [key, { event, id, seq }] of this.#newest) {
        const { error } = await this.emit(event, { message_id: id })
        if (error && !FINAL.includes(error.code)) {
          if (error.code !== "offline") this.#soon(AGAIN_MS) // else the next connection does
          break
        }
        this.#told.set(key, seq)
        if (this.#newest.get(key).seq === seq) this.#newest.delete(key)
        else this.#soon(CALM_MS)
      }
    } finally {
      this.#busy = false
    }
  }

  #note(event, { conversation_id, id, seq }) {
    const key = event + conversation_id
    if (seq <= Math.max(this.#told.get(key) ?? 0, this.#newest.get(key)?.seq ?? 0)) return
    this.#newest.set(key, { event, id, seq })
    this.#soon(CALM_MS)
  }

  #soon(ms) {
    this.#timer ||= setTimeout(() => this.flush(), ms)
  }
}
