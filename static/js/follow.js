// One line of numbered news without holes: a workspace's feed, or the messages of a conversation.
//
//   const feed = new Follow({ ask: (cursor) => socket.emit("resume", { cursor }), take, anew })
//   feed.hear({ seq, ... })   a live event: a hint that may come late, twice or never
//   feed.catchUp()            at each connection, and whenever there is reason to doubt
//
// ask(at)     -> Promise of the ack of `resume`: everything behind `at`; undefined when nothing is known yet.
// take(news, live)  each number once and as soon as it is known, so not always in order: whoever shows it sorts it.
// anew()      too much is missing: fetch what is shown, and go on behind `at`.

const HOLE_MS = 300 // events of several processes may overtake each other; longer than that, they are lost
const AGAIN_MS = 5_000 // more or less: who was refused in the same moment does not come back in one
const LATER = ["busy", "rate_limited", "timeout"]

export class Follow {
  at // up to here nothing is missing
  #ahead = new Set() // numbers behind a hole
  #timer = 0
  #doubt = false
  #asking

  constructor(how) {
    Object.assign(this, how)
  }

  hear(news) {
    if (!this.#isNew(news)) return
    this.#ahead.add(news.seq)
    this.#move(this.at)
    this.take([news], true)
    if (this.#ahead.size) this.#soon(HOLE_MS)
  }

  /** Ask until there is no more. Once for many calls, and once more after the last of them. */
  catchUp() {
    clearTimeout(this.#timer)
    this.#timer = 0
    this.#doubt = true
    this.#asking ??= Promise.resolve()
      .then(() => this.#ask())
      .finally(() => {
        this.#asking = undefined
        if (this.#ahead.size) this.#soon(AGAIN_MS * (0.5 + Math.random()))
      })
    return this.#asking
  }

  async #ask() {
    let more
    while (this.#doubt || more) {
      this.#doubt = false
      const ack = await this.ask(this.at)
      const { error, resync, events, messages, cursor, seq } = ack
      if (error) {
        if (!LATER.includes(error.code)) break
        this.#doubt = true
        return this.#soon(AGAIN_MS * (0.5 + Math.random()))
      }
      const before = this.at
      if (resync) {
        this.#ahead.clear()
        this.at = cursor
        this.anew?.()
      } else {
        const news = (events ?? messages).filter((each) => this.#isNew(each))
        this.#move(cursor ?? seq)
        if (news.length) this.take(news)
      }
      more = ack.more && this.at !== before // else the same question has the same answer
    }
  }

  #isNew({ seq }) {
    return !(seq <= this.at || this.#ahead.has(seq))
  }

  #move(to) {
    if (to === undefined) return
    this.at = Math.max(to, this.at ?? 0)
    for (const seq of this.#ahead) if (seq <= this.at) this.#ahead.delete(seq)
    while (this.#ahead.delete(this.at + 1)) this.at += 1
  }

  #soon(ms) {
    this.#timer ||= setTimeout(() => {
      this.#timer = 0
      if (this.#doubt || this.#ahead.size) this.catchUp() // else what was missing has come by itself
    }, ms)
  }
}
