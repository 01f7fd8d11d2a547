// Keys that are pressed while a conversation is on its way are about that one, in their order; when it does not come they
// are about nothing. Who is about to write there writes: the letters that follow are no actions.

export class Arrival {
  #coming = 0
  #last = Promise.resolve()
  #queue = Promise.resolve()
  #waiting = new Set()
  willWrite = false

  /** coming: settles when it is there, with true, or will not come. */
  of(coming) {
    this.#coming += 1
    this.#last = coming.then((isThere) => {
      this.#coming -= 1
      if (isThere || this.#coming) return
      this.#waiting.clear()
      this.willWrite = false
    })
    return this.#last
  }

  /** The same, once nothing is on its way. */
  there(act, { writes = false } = {}) {
    return () => (this.#coming || this.#waiting.size ? this.#wait(act, writes) : act())
  }

  /** The same, behind what waits. */
  behind(act) {
    return () => (this.#waiting.size ? this.#wait(act, false) : act())
  }

  #wait(act, writes) {
    const turn = {}
    this.#waiting.add(turn)
    this.willWrite ||= writes
    this.#queue = this.#queue.then(async () => {
      while (this.#coming) await this.#last
      if (!this.#waiting.delete(turn)) return
      if (writes) this.willWrite = false
      act()
    })
  }
}
