// Rows that are picked, and the bar that does something with all of them; every action has one undo.

import { ask, fragment } from "./fragment.js"
import { openMenu } from "./menu.js"
import { complain, toast } from "./toast.js"

const MOST = 200 // as many as the server takes at once

export class Selection {
  /** list: whose rows are picked. look(): show what the server says. undo: the word for it. */
  constructor(list, { look, undo }) {
    Object.assign(this, { list, look, undo })
    this.picked = new Set()
    list.dresses.push((node) => this.dress(node))
    list.rows.addEventListener("click", (event) => {
      const box = event.target.closest("[data-pick]")
      if (box) this.pick(box.closest("li").id, { through: event.shiftKey })
    })
  }

  /** Pick it, or not any more. through: and all between it and the one before. */
  pick(id, { through = false } = {}) {
    const ids = this.list.items.map((item) => item.id)
    const from = through ? ids.indexOf(this.last) : -1
    const to = ids.indexOf(id)
    const add = !this.picked.has(id)
    const range = from < 0 ? [id] : ids.slice(Math.min(from, to), Math.max(from, to) + 1)
    for (const each of range) {
      if (add && this.picked.size < MOST) this.picked.add(each)
      else if (!add) this.picked.delete(each)
    }
    this.last = id
    this.show()
  }

  /** The row that is open, for the keyboard. */
  toggle(options) {
    const item = this.list.items.find(({ row }) => row === this.list.current)
    if (item?.id.startsWith("row-")) this.pick(item.id, options)
  }

  /** The list from its top, as much of it as the server takes at once. */
  async all() {
    const asked = this.list.query
    await this.list.upTo(MOST).catch(complain)
    if (asked !== this.list.query) return
    const rows = this.list.items.filter(({ id }) => id.startsWith("row-"))
    this.picked = new Set(rows.slice(0, MOST).map(({ id }) => id))
    await this.show()
    const bar = await this.bar
    if (bar && (rows.length > MOST || this.list.goesOn)) toast(bar.querySelector("[data-selected]").dataset.most)
  }

  /** Press a button of the bar, or open a menu there. */
  async use(which) {
    const part = (await this.bar)?.querySelector(which)
    if (part?.matches("details")) openMenu(part)
    else part?.click()
  }

  clear() {
    this.picked.clear()
    this.show()
  }

  /** There is something else to choose from: the bar is asked for again when it is next needed. */
  renew() {
    if (this.picked.size) return
    this.bar?.then(
      (bar) => bar.remove(),
      () => {},
    )
    this.bar = undefined
  }

  dress(node) {
    const box = node.querySelector("[data-pick]")
    if (!box) return
    box.checked = this.picked.has(node.id)
    node.classList.toggle("is-picked", box.checked)
  }

  async show() {
    for (const node of this.list.rows.children) this.dress(node)
    this.list.rows.classList.toggle("is-picking", this.picked.size > 0)
    if (!this.bar && this.picked.size) {
      this.bar = this.fetchBar()
      this.bar.catch((error) => {
        this.bar = undefined
        complain(error)
      })
    }
    const bar = await this.bar
    if (!bar) return
    bar.hidden = !this.picked.size
    bar.querySelector("[data-again]").hidden = this.list.name !== "not_sent"
    const told = bar.querySelector("[data-selected]")
    const count = this.picked.size
    told.textContent = count === 1 ? told.dataset.one : told.dataset.many.replace("{count}", count)
  }

  async fetchBar() {
    const page = await fragment("/inbox/selection/")
    const bar = document.importNode(page.querySelector("[data-bulk]"), true)
    this.list.scroller.after(bar)
    bar.addEventListener("submit", (event) => {
      event.preventDefault()
      for (const menu of bar.querySelectorAll("[data-pop]")) menu.open = false
      this.act(event.submitter.name, event.submitter.value)
    })
    bar.querySelector("[data-clear-selection]").addEventListener("click", () => this.clear())
    for (const button of bar.querySelectorAll("[data-select-all]"))
      button.addEventListener("click", () => {
        button.closest("[data-pop]")?.removeAttribute("open")
        this.all()
      })
    return bar
  }

  async act(name, value) {
    const rows = new Map(this.list.items.map(({ id, row }) => [id, row]))
    const ids = [...this.picked].map((id) => rows.get(id) ?? id.replace("row-", ""))
    const token = (await this.bar).querySelector("[name=csrfmiddlewaretoken]").value
    const send = async (each) => {
      const data = new FormData()
      data.set("csrfmiddlewaretoken", token)
      data.set(each.name, each.value)
      for (const id of each.ids) data.append("ids", id)
      return (await ask("/inbox/selection/", { body: data })).json()
    }
    this.clear()
    try {
      const { told, undo } = await send({ name, value, ids })
      const back = async () => {
        await Promise.all(undo.map(send)).catch(complain)
        this.look()
      }
      toast(told, undo.length ? { action: this.undo, onAction: back } : {})
    } catch (error) {
      complain(error)
    }
    this.look()
  }
}
