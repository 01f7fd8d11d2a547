// The open conversation: whatever is behind its last message is fetched and put in its place.

import { unforeseen } from "./foresight.js"
import { ask, fragment, morph, morphById } from "./fragment.js"
import { showHandoff } from "./theo.js"
import { complain } from "./toast.js"

const FACTS = ["thread-head", "merged", "customer", "facts", "tags", "rating", "scheduled"]

const GLUE_PX = 80
const BEHIND_ALL = 999_999_999 // no message has such a number
const AHEAD_PX = 300 // so far from the top, what was said before is asked for
const TYPING_MS = 6000
const QUIET_MS = 1000 // until screen readers have looked at what was drawn

export class Thread {
  static of(element) {
    return element.dataset.thread ? new Thread(element) : null
  }

  constructor(element) {
    this.element = element
    this.id = element.dataset.thread
    this.scroller = element.querySelector("#thread-scroll")
    this.messages = element.querySelector("#messages")
    this.toEndButton = element.querySelector("[data-to-end]")
    this.typingLine = element.querySelector("[data-typing]")
    this.received = { delivered: 0, read: 0 } // by the customer, as far as we heard of it: up to which number
    this.changed = new Set() // numbers of messages that are not any more as they are shown
    this.turn = Promise.resolve()
    this.stopped = new AbortController()
  }

  get status() {
    return this.element.querySelector("#thread-head").dataset.status
  }

  /** An old part of it, which stands while others write at the end. */
  get isStill() {
    return this.element.hasAttribute("data-still")
  }

  /** The newest message that its reader knows. */
  get seen() {
    return this.isStill ? Number(this.element.dataset.still) : this.lastSeq
  }

  get customer() {
    return this.element.dataset.customer
  }

  get channel() {
    return this.element.dataset.channel
  }

  get lastSeq() {
    return Number([...this.messages.querySelectorAll(".msg")].at(-1)?.dataset.seq ?? 0)
  }

  /** The conversation that this one is merged into, "" for none. */
  get mergedInto() {
    return this.merged.split(" ")[0]
  }

  /** Where it is merged into, and how many are merged into it. */
  get merged() {
    return this.element.querySelector("#thread-head").dataset.merged
  }

  /** Of the oldest message that is shown. */
  get firstSeq() {
    return Number(this.messages.querySelector(".msg")?.dataset.seq ?? 0)
  }

  get atEnd() {
    return this.fromEnd < GLUE_PX
  }

  get fromEnd() {
    return this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight
  }

  start() {
    const { signal } = this.stopped
    const first = this.messages.querySelector("[data-new]")
    if (first) first.scrollIntoView({ block: "center" })
    else this.toEnd()
    this.scroller.addEventListener("scroll", () => this.scrolled(), { signal })
    this.toEndButton.addEventListener("click", () => this.toEnd(), { signal })
    this.element.addEventListener("click", (event) => this.clicked(event), { signal })
    const unfolded = ({ target }) => target.matches(".mail-part[open]") && target.scrollIntoView({ block: "nearest" })
    this.messages.addEventListener("toggle", unfolded, { signal, capture: true }) // it does not bubble
    document.addEventListener("visibilitychange", () => this.read(), { signal })
    this.readTo = Number(this.element.dataset.unread) ? new Map() : this.shown
    this.read({ opened: true })
    this.watchWindow()
    this.watchHeight()
  }

  /** What grows below it, as the composer with files, covers no end that was in sight. */
  watchHeight() {
    let height = this.scroller.clientHeight
    const observer = new ResizeObserver(() => {
      const lost = height - this.scroller.clientHeight
      height = this.scroller.clientHeight
      if (lost > 0 && this.fromEnd - lost < GLUE_PX) this.toEnd()
    })
    observer.observe(this.scroller)
    this.stopped.signal.addEventListener("abort", () => observer.disconnect())
  }

  stop() {
    this.stopped.abort()
    clearTimeout(this.quiet)
    clearTimeout(this.closing)
  }

  /** Whoever writes learns by itself that the time to answer is over. */
  watchWindow() {
    clearTimeout(this.closing)
    const seconds = Number(this.element.querySelector("#channel-window").dataset.closesIn)
    if (seconds) this.closing = setTimeout(() => this.catchUp().catch(() => {}), 1000 * seconds)
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight
  }

  scrolled() {
    this.toEndButton.hidden = this.atEnd
    if (this.atEnd) this.read()
    const link = this.element.querySelector("[data-earlier]:not([aria-busy])")
    if (link && this.scroller.scrollTop < AHEAD_PX) this.earlier(link).catch(() => {}) // the link can still be pressed
  }

  clicked(event) {
    const again = event.target.closest("[data-retry]")
    if (again) {
      event.preventDefault()
      this.retry(again).catch(complain)
    }
    const link = event.target.closest("[data-earlier]")
    if (!link) return
    event.preventDefault()
    if (!link.hasAttribute("aria-busy")) this.earlier(link).catch(complain)
  }

  /** Send what failed again; what comes of it is told like everything that happens to a message. */
  async retry(link) {
    if (link.hasAttribute("aria-busy")) return
    link.setAttribute("aria-busy", "true")
    const { seq } = link.closest("[data-seq]").dataset
    await ask(link.href, { body: this.token }).finally(() => link.removeAttribute("aria-busy"))
    await this.update(Number(seq))
  }

  /** A form's worth of leave to change something. */
  get token() {
    const data = new FormData()
    data.set("csrfmiddlewaretoken", this.element.querySelector("[name=csrfmiddlewaretoken]").value)
    return data
  }

  address(query) {
    const address = new URL(this.element.dataset.messages, location.href)
    for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value)
    return address
  }

  /**
   * Everything behind what is shown, what changed of it, and the head and the facts beside it as they are now. One at a
   * time: what was asked for earlier must not be drawn over what was asked for later.
   */
  catchUp({ toEnd = false } = {}) {
    const turn = this.turn.catch(() => {}).then(() => this.catchUpNow(toEnd))
    this.turn = turn
    return turn
  }

  async catchUpNow(toEnd) {
    if (this.stopped.signal.aborted) return
    if (this.isStill) await this.showFacts(await fragment(this.address({ after: BEHIND_ALL, limit: 1 })))
    else while (await this.follow(toEnd));
    for (const seq of this.changed) {
      this.changed.delete(seq) // first: it may change again while we ask
      try {
        await this.update(seq)
      } catch (error) {
        this.changed.add(seq)
        throw error
      }
    }
  }

  /** As much of it as one answer holds; true when there is more. */
  async follow(toEnd) {
    const before = this.lastSeq
    const page = await fragment(this.address({ after: before }))
    if (this.stopped.signal.aborted) return false
    const glued = toEnd || this.atEnd
    const { merged } = this
    morphById(page, ...unforeseen(FACTS), "channel-window", "channel-trouble")
    this.watchWindow()
    showHandoff(page)
    this.showName()
    if (this.merged !== merged) await this.redraw()
    if (this.stopped.signal.aborted) return false // what is merged there has its messages in another thread, too
    const { delivered, read } = this.element.querySelector("#thread-head").dataset
    this.reached("delivered", Number(delivered))
    this.reached("read", Number(read))
    const asides = this.messages.querySelectorAll("[data-aside]").length
    this.place(page)
    if (toEnd) this.toEnd()
    if (this.messages.querySelectorAll("[data-aside]").length > asides) {
      if (glued) this.toEnd()
      this.read()
    }
    if (this.lastSeq === before) return false
    this.messages.querySelector("[data-none]")?.remove()
    this.typed(false)
    if (glued) this.toEnd()
    else this.toEndButton.hidden = false
    this.read()
    return this.lastSeq < Number(page.getElementById("thread-head").dataset.lastSeq)
  }

  /** The head, and what stands beside the messages, as they are now. */
  async showFacts(page) {
    if (this.stopped.signal.aborted) return
    const { merged } = this
    morphById(page, ...unforeseen(FACTS))
    this.showName()
    if (this.merged !== merged) await this.redraw()
    const { delivered, read } = this.element.querySelector("#thread-head").dataset
    this.reached("delivered", Number(delivered))
    this.reached("read", Number(read))
  }

  /** What the customer is called now, where it stands beside the head. */
  showName() {
    const before = this.element.dataset.title
    const name = this.element.querySelector("#thread-head h2").textContent
    if (name === before) return
    const renamed = (text) => text.replace(before, () => name)
    const form = this.element.querySelector("[data-composer]")
    const [field, label] = [form.elements.content, form.querySelector("label[for=reply]")]
    this.element.dataset.title = name
    this.element.ariaLabel = renamed(this.element.ariaLabel)
    form.dataset.replyWords = renamed(form.dataset.replyWords)
    field.placeholder = renamed(field.placeholder)
    label.textContent = renamed(label.textContent)
    document.title = renamed(document.title)
  }

  /** What there is to choose from beside it, as it is now. */
  async showChoices() {
    const page = await fragment(`/inbox/${this.id}/`)
    if (!this.stopped.signal.aborted) morphById(page, "macros", "tag-names")
  }

  /** What is drawn now is no news, and is not read out. */
  quietly() {
    this.scroller.setAttribute("aria-live", "off")
    clearTimeout(this.loud)
    this.loud = setTimeout(() => this.scroller.removeAttribute("aria-live"), QUIET_MS)
  }

  /** All of it anew: what shows between its messages is not what it was. */
  async redraw() {
    const page = await fragment(`/inbox/${this.id}/`)
    if (this.stopped.signal.aborted) return
    this.quietly()
    for (const id of ["messages", "earlier"]) {
      const now = document.importNode(page.getElementById(id), true)
      this.element.querySelector(`#${id}`).replaceWith(now)
    }
    this.messages = this.element.querySelector("#messages")
    this.element.removeAttribute("data-still") // it is the end of it now
    this.showReceived()
    this.toEnd()
    this.read()
  }

  /** A message of this thread, or of one that is merged into it, is not any more as it is shown. */
  messageChanged(message) {
    const item = message && document.getElementById(`message-${message.id}`)
    if (item) this.changed.add(Number(item.dataset.seq))
    else if (message?.conversation_id === this.id) this.changed.add(message.seq)
  }

  /** One message that changed. */
  async update(seq) {
    if (seq && (seq > this.lastSeq || seq < this.firstSeq)) return // whatever brings it brings it as it is then
    const page = await fragment(this.address({ after: Math.max(seq - 1, 0), limit: 1 }))
    if (this.stopped.signal.aborted) return
    const glued = this.atEnd
    this.place(page)
    if (glued) this.toEnd()
  }

  /** A note of this thread says something else now, or is gone. */
  noteChanged(note, { note_id, deleted }) {
    if (deleted) document.getElementById(`note-${note_id ?? note?.id}`)?.remove()
    else if (note?.conversation_id === this.id) this.changed.add(note.after_seq)
  }

  async earlier(link) {
    link.setAttribute("aria-busy", "true")
    const address = this.address({ before: new URL(link.href).searchParams.get("before") })
    const page = await fragment(address).finally(() => link.removeAttribute("aria-busy"))
    if (this.stopped.signal.aborted) return // another one is open by now
    const fromEnd = this.scroller.scrollHeight - this.scroller.scrollTop
    for (const mark of page.querySelectorAll("li.day[id]")) document.getElementById(mark.id)?.remove()
    this.quietly()
    this.place(page)
    morphById(page, "earlier")
    this.scroller.scrollTop = this.scroller.scrollHeight - fromEnd
  }

  /** Messages into the order of their numbers; what is there already is made what it is now. */
  place(page) {
    for (const item of page.querySelectorAll("#messages > li")) {
      const old = item.id && document.getElementById(item.id)
      if (old) {
        morph(old, item)
        continue
      }
      const seq = Number(item.dataset.seq)
      const isMark = item.classList.contains("day") // goes above the message whose number it has
      const next = [...this.messages.children].find(({ dataset }) => (isMark ? dataset.seq >= seq : dataset.seq > seq))
      this.messages.insertBefore(document.importNode(item, true), next ?? null)
      const divider = this.messages.querySelector("[data-new]") // what is answered is not new any more
      if (item.matches(".msg-out") && seq > divider?.dataset.seq) divider.remove()
    }
    this.showReceived() // what was fetched may be older than what we heard
  }

  /** The customer has, or has read, all of ours up to this number. */
  reached(what, seq) {
    this.received[what] = Math.max(this.received[what], seq)
    this.showReceived()
  }

  showReceived() {
    const marks = this.element.querySelector("[data-marks]").content
    for (const item of this.messages.querySelectorAll(".msg-out:not([data-aside]):has([data-mark])")) {
      const what = ["read", "delivered"].find((each) => Number(item.dataset.seq) <= this.received[each])
      const mark = item.querySelector("[data-mark]")
      if (!what || mark.dataset.mark === what || mark.dataset.mark === "read") continue
      mark.replaceWith(document.importNode(marks.querySelector(`[data-mark="${what}"]`), true))
    }
  }

  /** The newest message that is shown of this conversation, and of each that is merged into it, by their ids. */
  get shown() {
    const shown = new Map([[this.id, this.lastSeq]])
    for (const { dataset } of this.messages.querySelectorAll("[data-of]"))
      shown.set(dataset.of, Math.max(shown.get(dataset.of) ?? 0, dataset.ownSeq))
    return shown
  }

  /** Say how far the reader has seen: to the end when it is in view, and whatever is new when it is opened. */
  async read({ opened = false } = {}) {
    if (document.hidden || !(opened || this.atEnd)) return
    const news = [...this.shown].filter(([id, seq]) => seq > (this.readTo.get(id) ?? 0))
    if (!news.length) return
    for (const [id, seq] of news) {
      this.readTo.set(id, seq)
      const data = this.token
      data.set("seq", seq)
      await ask(this.element.dataset.read.replace(this.id, id), { body: data }).catch(() => {
        this.readTo.set(id, 0) // the next message tries again
      })
    }
    const row = document.querySelector(`[data-row="${this.id}"].is-unread`)
    row?.classList.remove("is-unread")
  }

  typing({ conversation_id, user_id, is_typing }) {
    if (conversation_id === this.id && !user_id) this.typed(is_typing)
  }

  typed(shown) {
    const glued = this.atEnd
    clearTimeout(this.quiet)
    this.typingLine.hidden = !shown
    if (shown) this.quiet = setTimeout(() => this.typed(false), TYPING_MS)
    if (shown && glued) this.toEnd()
  }
}
