// The list of conversations, or of what was found: in the server's order, longer as one scrolls, still while somebody
// reads further down. However long it is, only the rows around what is seen are in the page.

import { fragment, morph, morphById, parsed } from "./fragment.js"
import { complain } from "./toast.js"

const SCROLLED_PX = 40
const SPARE = 20 // rows above and below what is seen
const AHEAD = 30 // so many rows before the end, the next page is asked for
const FAR_AHEAD = 150 // likewise by whoever goes through the list
const FIRST_PX = 1000
const MOST_ANEW = 10 // pages behind the first that are asked for again at once
const NOT_OF_THE_LIST = ["at", "before", "view"] // of an address: about the conversation

export class List {
  #rowPx = 0

  constructor(scroller) {
    this.scroller = scroller
    this.rows = document.getElementById("rows")
    this.fresh = document.querySelector("[data-fresh]")
    this.waiting = null
    this.items = [] // as the server has them, and of those that stay the place of the open one
    this.at = -1
    this.gone = new Set() // rows that the server does not yet know to be off the list
    this.put([...this.rows.children].map(itemOf))
    this.drawn = new Map() // id -> what its row was made from
    for (const item of this.items) this.drawn.set(item.id, item.html)
    this.asking = new AbortController()
    this.turn = Promise.resolve()
    this.dresses = [] // what others show in a row beside what the server drew
    this.fresh.addEventListener("click", () => {
      this.scroller.scrollTop = 0
      this.apply(this.waiting)
    })
    let isDrawing = false
    scroller.addEventListener("scroll", () => {
      if (this.waiting && scroller.scrollTop < SCROLLED_PX) this.apply(this.waiting)
      if (isDrawing) return
      isDrawing = true
      requestAnimationFrame(() => {
        isDrawing = false
        this.draw()
        this.reach()
      })
    })
    new ResizeObserver(() => {
      this.rowPx = 0
      this.draw()
    }).observe(scroller)
    scroller.addEventListener("click", (event) => {
      const more = event.target.closest("[data-more]")
      if (!more) return
      event.preventDefault()
      this.extend(more).catch(complain)
    })
  }

  put(items) {
    this.keepPlace()
    this.items = items.filter(({ row }) => !this.gone.has(row))
    this.known = new Set(items.map(({ id }) => id))
  }

  /** Of the list that the address names. */
  get query() {
    const query = new URLSearchParams(location.search)
    for (const name of NOT_OF_THE_LIST) query.delete(name)
    const text = query.toString()
    return text && `?${text}`
  }

  /** The height of every row: measured when that may have changed, not while one scrolls. */
  get rowPx() {
    this.#rowPx ||= this.rows.firstElementChild?.offsetHeight
    return this.#rowPx || 76
  }

  set rowPx(px) {
    this.#rowPx = px
  }

  /**
   * The first page as it is now. touched: conversations that moved since. One at a time: what was asked for earlier must
   * not be drawn over what was asked for later.
   */
  refresh(touched = new Set()) {
    const turn = this.turn.catch(() => {}).then(() => this.refreshNow(touched))
    this.turn = turn
    return turn
  }

  async refreshNow(touched) {
    if (new URLSearchParams(location.search).has("cursor")) return // a later page stands still
    const { signal } = this.asking
    const page = await fragment(`/inbox/rows/${this.query}`, { signal }).catch(unlessAborted)
    if (!page || signal.aborted) return
    this.showCounts(page)
    page.touched = new Set([...(this.waiting?.touched ?? []), ...touched])
    if (!this.isNewestFirst) page.behind = await this.behind(page, signal).catch(unlessAborted)
    if (signal.aborted) return
    if (this.scroller.scrollTop < SCROLLED_PX || !this.brings(page)) this.apply(page)
    else {
      this.waiting = page
      this.fresh.hidden = false
    }
  }

  /** Another list, or another search: from its top, whatever was asked before. */
  async reset() {
    this.asking.abort()
    this.asking = new AbortController()
    const { signal } = this.asking
    this.scroller.setAttribute("aria-busy", "true")
    const page = await fragment(`/inbox/rows/${this.query}`, { signal })
      .catch(unlessAborted)
      .finally(() => signal.aborted || this.scroller.removeAttribute("aria-busy"))
    if (!page || signal.aborted) return
    this.showCounts(page)
    this.put([])
    this.at = -1
    this.scroller.scrollTop = 0
    this.apply(page)
  }

  showCounts(page) {
    morphById(page, "lists", "list-tabs", "list-title", "list-sort", "found")
  }

  /** Whether a row would come to the top while somebody reads further down. */
  brings(page) {
    return page.querySelector("#rows > li")?.id !== this.items[0]?.id
  }

  /**
   * Where what moves does not come to the top: what is behind the first page as far as one sees, as it is now, when
   * something there moved. Nothing when that is further than is asked for at once.
   */
  async behind(page, signal) {
    if (!this.items.some(({ row }, at) => at >= page.querySelectorAll("#rows > li").length && page.touched.has(row)))
      return null
    const { scrollTop, clientHeight } = this.scroller
    const items = [...page.querySelectorAll("#rows > li")].map(itemOf)
    let end = page
    for (let asked = 0; items.length * this.rowPx < scrollTop + clientHeight + SPARE * this.rowPx; asked++) {
      const more = end.querySelector("[data-more]")
      if (!more) break
      if (asked === MOST_ANEW) return null
      end = await fragment(more.getAttribute("href").replace("/inbox/", "/inbox/rows/"), { signal })
      items.push(...[...end.querySelectorAll("#rows > li")].map(itemOf))
    }
    return { items: [...new Map(items.map((item) => [item.id, item])).values()], end }
  }

  apply(page) {
    if (page.behind) return this.applyAll(page.behind)
    this.waiting = null
    this.fresh.hidden = true
    const fresh = [...page.querySelectorAll("#rows > li")].map(itemOf)
    const ids = new Set(fresh.map(({ id }) => id))
    const last = this.items.findIndex(({ id }) => id === fresh.at(-1)?.id)
    const whole = !page.querySelector("[data-more]")
    // What stood behind the last one still does, but for what moved; when it is not known, neither is what follows.
    const rest = whole || last < 0 ? [] : this.items.slice(last + 1)
    const kept = rest.filter(({ id, row }) => !ids.has(id) && !(this.isNewestFirst && page.touched?.has(row)))
    this.put([...fresh, ...kept])
    if (!kept.length) morphById(page, "rows-end")
    this.draw()
    this.reach()
  }

  applyAll({ items, end }) {
    this.waiting = null
    this.fresh.hidden = true
    this.put(items)
    morphById(end, "rows-end")
    this.draw()
    this.reach()
  }

  /** Whether what moves comes to the top. */
  get isNewestFirst() {
    return document.getElementById("list-title").dataset.sort === "newest"
  }

  /** "" of the one that is shown first. */
  get name() {
    return new URLSearchParams(location.search).get("list") ?? ""
  }

  /** Whether conversations of this status are in it, and no others. */
  isOf(status) {
    return document.getElementById("list-title").dataset.status === status
  }

  /**
   * Take it off the list, whatever page of before still comes. Returns what to call when the server has answered: it
   * decides again, and where it refused, what was there is back until then.
   */
  drop(row) {
    const before = this.items
    this.gone.add(row)
    this.put(before)
    const left = this.items
    this.draw()
    return ({ isRefused }) => {
      this.gone.delete(row)
      if (isRefused && this.items === left) this.items = before
      this.draw()
    }
  }

  /** One page more at the end; once for all who ask for it meanwhile. */
  extend(link) {
    this.extending ??= this.extendNow(link)
    return this.extending
  }

  async extendNow(link) {
    link.setAttribute("aria-busy", "true")
    const { signal } = this.asking
    const address = link.href.replace("/inbox/", "/inbox/rows/")
    const page = await fragment(address, { signal })
      .catch(unlessAborted)
      .finally(() => {
        this.extending = undefined
        link.removeAttribute("aria-busy")
      })
    if (!page || signal.aborted) return
    for (const item of [...page.querySelectorAll("#rows > li")].map(itemOf)) {
      if (this.known.has(item.id) || this.gone.has(item.row)) continue
      this.known.add(item.id)
      this.items.push(item)
    }
    morphById(page, "rows-end")
    this.draw()
    this.reach()
  }

  /** So many rows, or all that there are. */
  async upTo(count) {
    for (let had = -1; had < this.items.length && this.items.length < count && this.goesOn; ) {
      had = this.items.length
      await this.extend(this.goesOn)
    }
  }

  /** The link to what follows; null at the end. */
  get goesOn() {
    return document.querySelector("#rows-end [data-more]")
  }

  /** Near the end one wants to go on. A page that cannot be had waits for the button. */
  reach() {
    const more = this.goesOn
    const { scrollTop, clientHeight } = this.scroller
    const ahead = scrollTop > FIRST_PX ? FAR_AHEAD : AHEAD
    if (more && scrollTop + clientHeight > (this.items.length - ahead) * this.rowPx) this.extend(more).catch(() => {})
  }

  draw() {
    const { rows, scroller, items } = this
    const height = this.rowPx
    const first = Math.max(Math.floor(scroller.scrollTop / height) - SPARE, 0)
    const end = Math.min(Math.ceil((scroller.scrollTop + scroller.clientHeight) / height) + SPARE, items.length)
    const shown = items.slice(Math.min(first, end), end)
    const ids = new Set(shown.map(({ id }) => id))
    for (const node of [...rows.children]) {
      if (ids.has(node.id)) continue
      if (node.contains(document.activeElement)) scroller.focus({ preventScroll: true })
      this.drawn.delete(node.id)
      node.remove()
    }
    const fresh = nodesOf(shown.filter(({ id, html }) => this.drawn.get(id) !== html))
    shown.forEach((item, index) => {
      let node = this.drawn.has(item.id) && document.getElementById(item.id)
      const drawing = fresh.get(item.id)
      if (!node) node = document.adoptNode(drawing)
      else if (drawing) morph(node, drawing)
      this.drawn.set(item.id, item.html)
      if (rows.children[index] !== node) rows.insertBefore(node, rows.children[index] ?? null)
      this.dress(node)
    })
    rows.style.paddingBlock = `${Math.min(first, end) * height}px ${(items.length - end) * height}px`
  }

  /** What a row shows beside what the server drew. */
  dress(node) {
    const link = node.querySelector("a")
    const { row = "", seq = "" } = link.dataset
    if (row && row === this.current && seq === (this.currentSeq || seq)) link.setAttribute("aria-current", "true")
    else link.removeAttribute("aria-current")
    for (const dress of this.dresses) dress(node)
  }

  mark(id, seq = "") {
    this.current = id
    this.currentSeq = seq
    this.at = this.indexOfOpen
    for (const node of this.rows.children) this.dress(node)
  }

  /** The row `by` places behind the one that is open, or behind where that was; undefined at the end. */
  beside(by) {
    const at = this.indexOfOpen
    if (at >= 0) return this.openable[at + by]
    return this.openable[this.at < 0 ? 0 : this.at + by - (by > 0)] // what followed it has its place
  }

  /** Without found customers and articles, which are pages of their own. */
  get openable() {
    return this.items.filter(({ row }) => row)
  }

  get indexOfOpen() {
    return this.openable.findIndex(({ row, seq }) => row === this.current && seq === (this.currentSeq || seq))
  }

  /** Before it may go. */
  keepPlace() {
    if (this.indexOfOpen >= 0) this.at = this.indexOfOpen
  }

  /** Open the row `by` places further down. */
  step(by, open) {
    const item = this.beside(by)
    if (!item) return
    this.goTo(item)
    open(item.href)
  }

  /** It is the one that is about to be open. */
  goTo(item) {
    this.mark(item.row, item.seq)
    this.bringIntoView(this.items.indexOf(item))
  }

  /** The row that comes when the open one is dealt with: the one behind it, else the one before. Of what was found, none. */
  get behindOpen() {
    const at = this.items.findIndex(({ id }) => id === `row-${this.current}`)
    return at < 0 ? undefined : (this.items[at + 1] ?? this.items[at - 1])
  }

  bringIntoView(index) {
    const { scroller, rowPx } = this
    const top = index * rowPx
    const lowest = top + rowPx - scroller.clientHeight
    scroller.scrollTop = Math.min(Math.max(scroller.scrollTop, lowest), top)
    this.draw()
  }
}

/** html: the row as the server drew it. Of a long list text is all that is kept. */
function itemOf(node) {
  const link = node.querySelector("a")
  link.removeAttribute("aria-current")
  return {
    id: node.id,
    html: node.outerHTML,
    row: link.dataset.row ?? "",
    seq: link.dataset.seq ?? "",
    href: link.getAttribute("href"),
  }
}

/** Rows by their ids, as nodes of a document of their own. */
function nodesOf(items) {
  if (!items.length) return new Map()
  const page = parsed(`<ul>${items.map(({ html }) => html).join("")}</ul>`)
  return new Map([...page.querySelectorAll("ul > li")].map((node) => [node.id, node]))
}

function unlessAborted(error) {
  if (error.name !== "AbortError") throw error
}
