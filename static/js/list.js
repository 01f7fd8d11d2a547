// The list of conversations: kept in the server's order, longer on demand, still while somebody reads further down.

import { fragment, morph, morphById } from "./fragment.js"
import { complain } from "./toast.js"

const SCROLLED_PX = 40

export class List {
  constructor(scroller) {
    this.scroller = scroller
    this.rows = document.getElementById("rows")
    this.fresh = document.querySelector("[data-fresh]")
    this.waiting = null
    this.fresh.addEventListener("click", () => {
      this.scroller.scrollTop = 0
      this.apply(this.waiting)
    })
    scroller.addEventListener("scroll", () => {
      if (this.waiting && scroller.scrollTop < SCROLLED_PX) this.apply(this.waiting)
    })
    scroller.addEventListener("click", (event) => {
      const more = event.target.closest("[data-more]")
      if (!more) return
      event.preventDefault()
      if (!more.hasAttribute("aria-busy")) this.extend(more).catch(complain)
    })
  }

  /** The first page as it is now. */
  async refresh() {
    if (new URLSearchParams(location.search).has("cursor")) return // a later page stands still
    const page = await fragment(`/inbox/rows/${location.search}`)
    morphById(page, "lists", "list-tabs")
    if (this.scroller.scrollTop < SCROLLED_PX || !this.brings(page)) this.apply(page)
    else {
      this.waiting = page
      this.fresh.hidden = false
    }
  }

  /** Whether a row would come to the top while somebody reads further down. */
  brings(page) {
    return page.querySelector("#rows > li")?.id !== this.rows.querySelector("li")?.id
  }

  apply(page) {
    this.waiting = null
    this.fresh.hidden = true
    const fresh = [...page.querySelectorAll("#rows > li")]
    const whole = !page.querySelector("[data-more]")
    const last = fresh.at(-1)?.dataset.at ?? ""
    const ids = new Set(fresh.map((row) => row.id))
    for (const row of [...this.rows.children]) {
      // Gone from this list: it would stand among the rows that we were told.
      if (!ids.has(row.id) && (whole || row.dataset.at >= last)) row.remove()
    }
    fresh.forEach((row, index) => {
      const old = document.getElementById(row.id)
      if (old) morph(old, row)
      const now = old ?? document.importNode(row, true)
      if (this.rows.children[index] !== now) this.rows.insertBefore(now, this.rows.children[index] ?? null)
    })
    if (whole || this.rows.children.length === fresh.length) morphById(page, "rows-end")
    this.mark(this.current)
  }

  /** One page more at the end. */
  async extend(link) {
    link.setAttribute("aria-busy", "true")
    const address = link.href.replace("/inbox/", "/inbox/rows/")
    const page = await fragment(address).finally(() => link.removeAttribute("aria-busy"))
    for (const row of page.querySelectorAll("#rows > li")) {
      if (!document.getElementById(row.id)) this.rows.append(document.importNode(row, true))
    }
    morphById(page, "rows-end")
    this.mark(this.current)
  }

  mark(id) {
    this.current = id
    for (const row of this.rows.querySelectorAll("[data-row]")) {
      if (row.dataset.row === id) row.setAttribute("aria-current", "true")
      else row.removeAttribute("aria-current")
    }
  }

  /** Open the row `by` places further down. */
  step(by, open) {
    const rows = [...this.rows.querySelectorAll("[data-row]")]
    const at = rows.findIndex((row) => row.hasAttribute("aria-current"))
    const row = rows[at < 0 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1)]
    if (!row || row.hasAttribute("aria-current")) return
    this.mark(row.dataset.row)
    row.scrollIntoView({ block: "nearest" })
    open(row.href)
  }
}
