// Keys that are pressed while a conversation is on its way are about that one, in their order; when it does not come, or
// another one is asked for, they are about nothing. Who is about to write there writes: the letters that follow are no
// actions.

export class Arrival {
  #isComing = false
  #last = Promise.resolve()
  #queue = Promise.resolve()
  #waiting = new Set()
  willWrite = false

  /** coming: settles when it is there, with true, or will not come. Of several it is the newest that one waits for. */
  of(coming) {
    if (this.#isComing) this.#forget()
    this.#isComing = true
    const last = coming.then((isThere) => {
      if (this.#last !== last) return
      this.#isComing = false
      if (!isThere) this.#forget()
    })
    this.#last = last
    return last
  }

  /** The same, once nothing is on its way. */
  there(act, { writes = false } = {}) {
    return () => (this.#isComing || this.#waiting.size ? this.#wait(act, writes) : act())
  }

  /** The same, behind what waits. */
  behind(act) {
    return () => (this.#waiting.size ? this.#wait(act, false) : act())
  }

  #forget() {
    this.#waiting.clear()
    this.willWrite = false
  }

  #wait(act, writes) {
    const turn = {}
    this.#waiting.add(turn)
    this.willWrite ||= writes
    const before = this.#queue.catch(() => {}) // one that failed holds up nothing
    this.#queue = before.then(async () => {
      while (this.#isComing) await this.#last
      if (!this.#waiting.delete(turn)) return
      if (writes) this.willWrite = false
      act()
    })
  }
}
