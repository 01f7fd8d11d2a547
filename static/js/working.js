// What one does with the open conversation by a button. It shows at once (foresight.js); where the server refuses it, or
// does not answer, it is as it was and says why.

import { newId } from "./composer.js"
import { foresee, leaves } from "./foresight.js"
import { ask } from "./fragment.js"
import { complain, toast } from "./toast.js"

const BACK = { block: "unblock", unblock: "block", follow: "unfollow", unfollow: "follow" }
const FORMS = "[data-status-form], [data-assign-form], [data-work-form]"

/**
 * list: of conversations. thread(): the open one. look(): show what the server says. shut(id): leave it, if it is still
 * the open one. moveOn(row, done): to that row, once it is done. open(id).
 */
export function enhanceWork(body, { list, look, shut, moveOn, open, thread }) {
  const unread = new Set() // the rows that are being marked so
  list.dresses.push((node) => {
    const link = node.querySelector("[data-row]")
    if (unread.has(link?.dataset.row)) link.classList.add("is-unread")
  })

  document.addEventListener("submit", (event) => {
    const form = event.target.closest(FORMS)
    if (!form) return
    event.preventDefault()
    const menu = event.submitter.closest("[data-pop]")
    menu?.removeAttribute("open")
    menu?.querySelector("summary").focus()
    if (form.hasAttribute("data-unread")) setUnread(form)
    else work(form, event.submitter)
  })

  async function work(form, button) {
    const { status: before } = document.getElementById("thread-head").dataset
    const data = new FormData(form)
    data.set(button.name, button.value)
    if (data.has("seen_seq")) data.set("seen_seq", thread()?.seen)
    const row = putsAway(button) && list.behindOpen
    const answered = leaves(button, list) && before !== button.value ? list.drop(idOf(form)) : () => {}
    const settle = foresee(button, data)
    const address = button.hasAttribute("formaction") ? button.formAction : form.action
    const sent = ask(address, { body: data })
    if (row) moveOn(row, sent)
    const told = tellDone(form, button, before, { address, sent, row })
    let isRefused = false
    try {
      const answer = await sent
      if (answer.status !== 204) tell(await answer.json(), form)
      form.reset()
      if (data.has("client_message_id")) form.elements.client_message_id.value = newId() // the next one is another
    } catch (error) {
      isRefused = true
      told?.remove()
      complain(error)
    }
    settle({ isRefused })
    answered({ isRefused })
    await look()
  }

  /** Says that it is done; the conversation may not be the open one any more when it is undone. */
  function tellDone(form, { name, value, dataset }, before, { address, sent, row }) {
    const isStatus = name === "status"
    const done = isStatus ? before !== value && body.getAttribute(`data-done-${value}`) : dataset.done
    if (!done) return null
    const data = new FormData(form)
    let back = address
    if (BACK[value]) data.set("do", BACK[value])
    else if (isStatus || value.startsWith("snooze")) {
      data.set("status", "undo")
      back = `/inbox/${idOf(form)}/status/`
    } else return toast(done)
    const undo = async () => {
      await sent.then(() => ask(back, { body: data })).catch(complain)
      if (row && thread()?.id === row.row) open(idOf(form))
      await look()
    }
    return toast(done, { action: body.dataset.undo, onAction: undo })
  }

  /** What a macro did. undo: as the server takes it back, "" when nothing of it can be undone. */
  function tell({ told, undo }, form) {
    const data = new FormData(form)
    data.set("ran", undo)
    const back = () =>
      ask(`${form.action}undo/`, { body: data })
        .then(async (answer) => toast((await answer.json()).told))
        .catch(complain)
        .then(look)
    toast(told, undo ? { action: body.dataset.undo, onAction: back } : {})
  }

  /** And left: who looks at it reads it. */
  async function setUnread(form) {
    const id = idOf(form)
    const shown = () => document.querySelector(`[data-row="${id}"]`)?.classList
    unread.add(id)
    shown()?.add("is-unread")
    const told = toast(form.dataset.unread)
    try {
      await ask(form.action, { body: new FormData(form) })
      unread.delete(id)
      await shut(id)
    } catch (error) {
      unread.delete(id)
      told.remove()
      shown()?.remove("is-unread")
      complain(error)
    }
    await look()
  }
}

/** Whether one is done with it, for now: the next one is opened. */
const putsAway = ({ name, value }) => (name === "status" ? value !== "open" : value.startsWith("snooze"))

/** The conversation that a form of its page is about. */
const idOf = (form) => /[0-9a-f-]{36}/.exec(form.action)[0]
