// One conversation: its head, the log of messages, and the field to write in.

import { composer } from "./composer.js"
import { button, el, place } from "./dom.js"
import { entriesOf } from "./entries.js"
import * as host from "./host.js"
import { ALERT, CHEVRON_DOWN, CHEVRON_LEFT, icon, tool, X } from "./icons.js"
import { earlier } from "./incoming.js"
import { writes } from "./outgoing.js"
import { avatar, showPresence } from "./people.js"
import { settings, texts } from "./settings.js"

const NEAR_END = 48 // pixels: closer than this, the log stays at its end

/** Without a keyboard on the screen that nobody asked for. */
const canType = () => matchMedia("(pointer: fine)").matches

export function conversationView({ onBack, onSend, asked, onHelped, onEnd }) {
  const rows = new Map() // key -> element, kept as long as the entry is shown: a live region must not repeat itself
  let glued = true // to the end of the log
  let newest = 0
  let its // the thread in view

  // Head -----------------------------------------------------------------------------------------------------

  const portrait = el("span", { class: "pb-face" })
  const title = el("h1", { dir: "auto" })
  const there = el("small", { class: "pb-there" })
  const head = el(
    "header",
    { class: "pb-head" },
    tool(texts.back, CHEVRON_LEFT, { onclick: onBack }),
    portrait,
    el("div", { class: "pb-words" }, title, there),
    tool(texts.close, X, { onclick: host.close }),
  )
  const net = el("p", { class: "pb-net", role: "status" })

  // Log ------------------------------------------------------------------------------------------------------

  const log = el("div", { class: "pb-log", role: "log", tabindex: "0", "aria-label": texts.messages })
  const more = button({ class: "pb-pill" }, texts.earlier)
  more.onclick = () => {
    log.focus() // the button may go, and the focus with it
    earlier(its)
  }
  const below = button({ class: "pb-pill pb-below" }, icon(CHEVRON_DOWN), texts.newMessages)
  const toEnd = () => {
    log.scrollTop = log.scrollHeight
  }
  below.hidden = true
  below.onclick = () => {
    onward()
    toEnd()
  }
  log.onscroll = () => {
    glued = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END
    if (!glued) return
    below.hidden = true
    onEnd()
  }
  new ResizeObserver(() => glued && toEnd()).observe(log)

  /** Where the focus goes when what had it is gone. */
  const onward = () => (canType() ? field : log).focus()

  // Under Theo's words: that they were enough, or the wish for somebody else, which is said in the thread.
  const chips = [
    button({ class: "pb-pill", onclick: onHelped }, texts.helped),
    button({ class: "pb-pill", onclick: () => onSend(texts.person, []) }, texts.person),
  ]

  function draw(row, { className, state, make, note, version = "" }) {
    const { dataset } = row
    if (dataset.version !== version) {
      dataset.version = version
      dataset.state = ""
      row.replaceChildren(...make())
    }
    row.className = className
    if (note && dataset.state !== state) {
      dataset.state = state
      row.querySelector("small")?.remove()
      row.append(note())
    }
  }

  const writing = composer({
    onTyping: (text) => writes(its, text),
    onSend(content, files) {
      glued = true
      onSend(content, files)
    },
  })
  const { field } = writing

  // What is asked first stands in the place of log and field ---------------------------------------------------

  const conceal = (hidden) => {
    for (const part of [main, ...writing.nodes]) part.hidden = hidden
  }
  let asking = "" // which
  let form0 // it, once it is here
  async function ask(which) {
    if (asking === which) return
    asking = which
    form0?.node.remove()
    form0 = undefined
    conceal(Boolean(which))
    if (!which) return
    const made = await asked(which, field.value).catch(() => undefined)
    if (asking !== which) return
    if (!made) {
      // Without the code for it nothing is asked: whoever has come to write may write.
      conceal(false)
      return
    }
    form0 = made
    made.words.addEventListener("input", () => writes(its, made.words.value))
    net.after(made.node)
    if (focusing !== undefined) made.focus(focusing)
  }
  let focusing // what `focus` was called with, for a form that was not here yet

  const main = el("div", { class: "pb-main" }, log, below)
  const node = el("section", { class: "pb-conversation" }, head, net, main, ...writing.nodes)

  return {
    node,
    /** Where a hand expects it: the field, but not where that would throw up a keyboard nobody asked for. */
    focus(wanted) {
      writing.fit()
      focusing = wanted || canType()
      if (asking) form0?.focus(focusing)
      else (focusing ? field : log).focus()
    },
    /** Whether the newest message is in view, when the view is. */
    get atEnd() {
      return glued
    },
    attach: writing.attach,
    complain: writing.complain,
    write: writing.write,
    /** Another conversation comes: nothing of the last one stays. */
    clear() {
      rows.clear()
      log.replaceChildren()
      glued = true
      newest = 0
    },
    /**
     * waiting: the thread's items of the outbox, in order. first: what is asked before it. helped: the message that the
     * visitor was helped by. ending: what stands at its end. trouble: "" or a text for the bar.
     */
    render(told) {
      const { thread, present, assignee, first, trouble, loading } = told
      its = thread
      ask(first)
      const last = thread.messages.findLast(({ sender_type }) => sender_type === "agent")
      const agent = assignee?.name ?? last?.sender_name
      const isTheo = last?.ai && !assignee
      const name = (isTheo ? 0 : agent) || settings.name // of who is seen writing: a person
      const picture = assignee ? assignee.avatar_url : last?.sender_avatar_url
      const entries = entriesOf({ ...told, name, face: () => avatar(name, picture), more, chips })

      const height = log.scrollHeight
      const anchor = log.scrollTop
      const top = log.dataset.first
      log.setAttribute("aria-busy", String(loading))
      if (place(log, rows, entries, () => el("div"), draw)) onward()
      log.dataset.first = thread.first
      if (glued) toEnd()
      else if (top && top !== log.dataset.first) log.scrollTop = anchor + log.scrollHeight - height
      if (thread.last > newest && newest && !glued) below.hidden = false
      newest = thread.last

      showPresence(there, present.state, present.short)
      title.textContent = agent || (thread.id ? settings.name : texts.newConversation)
      portrait.replaceChildren(...(thread.id ? [avatar(agent || settings.name, picture, isTheo)] : []))
      // Only when it changes: it is read aloud each time.
      if (net.textContent !== trouble) net.replaceChildren(...(trouble ? [icon(ALERT), trouble] : []))
    },
  }
}
