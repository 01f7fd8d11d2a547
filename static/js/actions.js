// What a key, or an entry of the palette, does in the inbox: with the open conversation, or with all that is picked.

import { openMenu } from "./menu.js"

/** open(address): a conversation. thread(), composer(): of the one that is open. Returns each by its name. */
export function actionsOf({ body, list, selection, arrival, open, thread, composer }) {
  const inThread = (selector) => thread()?.element.querySelector(selector)
  const goToList = (name) => document.querySelector(`#lists a[href$="${name}"]`)?.click()
  /** which: of the selection's bar. */
  const either = (which, act) => {
    const there = arrival.there(act)
    return () => (selection.picked.size ? selection.use(which) : there())
  }
  const tag = arrival.there(
    () => {
      const field = document.getElementById("tag-name")
      if (!field) return
      if (!field.checkVisibility({ visibilityProperty: true })) body.dataset.view = "customer"
      field.focus()
    },
    { writes: true },
  )
  return {
    next: arrival.behind(() => list.step(1, open)),
    previous: arrival.behind(() => list.step(-1, open)),
    resolve: either("[name=status][value=resolved]", () =>
      inThread("#thread-head > form[data-status-form] button")?.click(),
    ),
    unread: either("[name=do][value=unread]", () => inThread("[form=thread-unread]")?.click()),
    spam: either("[name=status][value=spam]", () => inThread("[name=status][value=spam]")?.click()),
    assign: either("#bulk-assign", () => {
      const button = inThread("[data-assign]")
      const menu = button?.closest("[data-pop]")
      if (menu) openMenu(menu)
      else button?.click()
    }),
    reply: arrival.there(() => composer()?.write({ note: false }), { writes: true }),
    note: arrival.there(() => composer()?.write({ note: true }), { writes: true }),
    snooze: either("#bulk-snooze", () => {
      const menu = inThread("#thread-snooze")
      if (menu) openMenu(menu)
    }),
    tag: () => (selection.picked.size ? selection.use("#bulk-tag") : tag()),
    select: () => selection.toggle(),
    selectTo: () => selection.toggle({ through: true }),
    selectAll: () => selection.all(),
    compose: () => document.querySelector("[data-compose]").click(),
    find: () => document.getElementById("q").focus(),
    mine: () => goToList("list=mine"),
    unassigned: () => goToList("list=unassigned"),
    open: () => goToList("/inbox/"),
    all: () => goToList("list=all"),
    help: () => document.getElementById("keys").showModal(),
    back: () => {
      if (selection.picked.size) selection.clear()
      else if (body.dataset.view === "customer") body.dataset.view = "thread"
    },
  }
}
