// One conversation: its head, its log (log.js) and the field to write in. What is asked first stands in the place of log
// and field.

import { formFor } from "./asking.js"
import { composer } from "./composer.js"
import { button, el } from "./dom.js"
import { entriesOf } from "./entries.js"
import { on } from "./events.js"
import * as host from "./host.js"
import { ALERT, CHEVRON_LEFT, icon, tool, X } from "./icons.js"
import { earlier } from "./incoming.js"
import { below, fillLog, follow, log } from "./log.js"
import { writes } from "./outgoing.js"
import { avatar, showPresence } from "./people.js"
import { settings, texts } from "./settings.js"

let its // the thread in view

const portrait = el("span", { class: "pb-face" })
const title = el("h1", { dir: "auto" })
const there = el("small", { class: "pb-there" })
const head = el(
  "header",
  { class: "pb-head" },
  tool(texts.back, CHEVRON_LEFT, { onclick: () => on.back() }),
  portrait,
  el("div", { class: "pb-words" }, title, there),
  tool(texts.close, X, { onclick: host.close }),
)
const net = el("p", { class: "pb-net", role: "status" })

const { nodes, field, fit, attach, complain, write } = composer({
  onTyping: (text) => writes(its, text),
  onSend(content, files) {
    follow()
    on.said(content, files)
  },
})
export { attach, complain, write }

const main = el("div", { class: "pb-main" }, log, below)
export const node = el("section", { class: "pb-conversation" }, head, net, main, ...nodes)

/** Without a keyboard on the screen that nobody asked for. */
const canType = () => matchMedia("(pointer: fine)").matches
/** Where the focus goes when what had it is gone. */
const onward = () => (canType() ? field : log).focus()

below.onclick = () => {
  onward()
  follow()
}
const more = button({ class: "pb-pill" }, texts.earlier)
more.onclick = () => {
  log.focus() // the button may go, and the focus with it
  earlier(its)
}
// Under Theo's words: that they were enough, or the wish for somebody else, which is said in the thread.
const chips = [
  button({ class: "pb-pill", onclick: () => on.helped() }, texts.helped),
  button({ class: "pb-pill", onclick: () => on.said(texts.person, []) }, texts.person),
]

let asking = "" // what is asked first
let form // the one for it, once it is here
let focusing // what `focus` was called with, for a form that was not here yet

const conceal = (hidden) => {
  for (const part of [main, ...nodes]) part.hidden = hidden
}

async function ask(which) {
  if (asking === which) return
  asking = which
  form?.node.remove()
  form = undefined
  conceal(Boolean(which))
  if (!which) return
  const made = await formFor(which, field.value, answered).catch(() => undefined)
  if (asking !== which) return
  if (!made) {
    // Without the code for it nothing is asked: whoever has come to write may write.
    conceal(false)
    return
  }
  form = made
  form.words.addEventListener("input", () => writes(its, made.words.value))
  net.after(form.node)
  if (focusing !== undefined) form.focus(focusing)
}

function answered({ content, customer }) {
  on.said(content, [], customer)
  write("", its)
  focus(true)
}

/** Where a hand expects it: the field, but not where that would throw up a keyboard nobody asked for. */
export function focus(wanted) {
  fit()
  focusing = wanted || canType()
  if (asking) form?.focus(focusing)
  else (focusing ? field : log).focus()
}

/**
 * waiting: the thread's items of the outbox, in order. first: what is asked before it. helped: the message that the
 * visitor was helped by. ending: what stands at its end. trouble: "" or a text for the bar.
 */
export function render(told) {
  const { thread, present, assignee, first, trouble, loading } = told
  its = thread
  ask(first)
  const last = thread.messages.findLast(({ sender_type }) => sender_type === "agent")
  const agent = assignee?.name ?? last?.sender_name
  const isTheo = last?.ai && !assignee
  const name = (isTheo ? 0 : agent) || settings.name // of who is seen writing: a person
  const picture = assignee ? assignee.avatar_url : last?.sender_avatar_url
  const entries = entriesOf({ ...told, name, face: () => avatar(name, picture), more, chips })
  if (fillLog(entries, thread, loading)) onward()

  showPresence(there, present.state, present.short)
  title.textContent = agent || (thread.id ? settings.name : texts.newConversation)
  portrait.replaceChildren(...(thread.id ? [avatar(agent || settings.name, picture, isTheo)] : []))
  // Only when it changes: it is read aloud each time.
  if (net.textContent !== trouble) net.replaceChildren(...(trouble ? [icon(ALERT), trouble] : []))
}
