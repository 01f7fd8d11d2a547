// The chat itself, in a frame of our own origin: what is in view, and what the visitor and the host page do to it.
// What it knows comes in by incoming.js, what the visitor writes goes out by outgoing.js.

import { look } from "./around.js"
import { askedFirst, endingOf } from "./asking.js"
import { presence } from "./availability.js"
import * as conversation from "./conversation.js"
import { el } from "./dom.js"
import { catchDrops } from "./drop.js"
import { on } from "./events.js"
import { homeView } from "./home.js"
import * as host from "./host.js"
import { become, introduce } from "./identity.js"
import { catchUp, caughtUp, forget, list, marks, refresh, threadOf, turn } from "./incoming.js"
import { CALM_MS, dial, state, trouble } from "./line.js"
import { atEnd, clear } from "./log.js"
import { paint } from "./look.js"
import { lay } from "./options.js"
import { uuid } from "./outbox.js"
import { draftOf, isBegun, nameOf, outbox, part, restore, send } from "./outgoing.js"
import { settings, texts } from "./settings.js"
import { ask, visitor } from "./visitor.js"

let thread // the one in view; undefined: home
let written // the one whose draft stands in the field
let landed = false // it is settled what a visitor sees who goes nowhere
let shown = false // something is
let thanked = "" // the answer of Theo's that the visitor was helped by

// Where the visitor is ---------------------------------------------------------------------------------------

/** Until the visitor goes somewhere, and from home when an answer waits: to what an earlier page could not send, else to
 * that answer, else to what is not closed, else home. */
function land() {
  const waits = outbox.items.at(-1)
  const current = list.rows.find((row) => (list.count ? list.unread.has(row.id) : row.status !== "closed"))
  const its = waits ? threadOf(waits.conversation_id, waits.thread) : current && threadOf(current.id)
  landed = list.isKnown && !waits
  if (shown && its === thread) return render()
  show(its)
  if (host.isOpen) focus(false)
}

/** Where the visitor asked to go; home without a thread. */
function go(its) {
  landed = true
  show(its)
  focus(true)
}

function show(its) {
  if (its !== thread) clear()
  thread = its
  if (thread) {
    thread.asked ??= askedFirst(thread)
    if (!written || nameOf(written) !== nameOf(thread)) conversation.write(draftOf(thread), thread)
    written = thread
  }
  shown = true
  home.node.hidden = Boolean(thread)
  conversation.node.hidden = !thread
  render()
  if (thread && !thread.loaded && state === "online") catchUp(thread)
}

function focus(asked) {
  if (settings.preview) return
  if (thread) conversation.focus(asked)
  else home.focus()
}

let blank // the conversation that is not begun
function start() {
  if (!blank || isBegun(blank)) blank = threadOf(null, uuid())
  blank.asked = undefined
  go(blank)
}

// What is in view --------------------------------------------------------------------------------------------

const home = homeView({
  onNew: start,
  onOpen: (id) => go(threadOf(id)),
  onEnd: turn,
  onMute() {
    visitor.muted = !visitor.muted
    host.keep("muted", visitor.muted ? "1" : null)
    render()
  },
})

// Whoever does something in a conversation stays there: known before it is done.
for (const event of ["click", "input"]) {
  const stay = () => {
    landed = true
  }
  conversation.node.addEventListener(event, stay, true)
}

/** The visitor has the end of the conversation before their eyes. */
function seen() {
  if (thread && host.isLooking() && atEnd) {
    const newest = thread.messages.findLast(({ sender_type }) => sender_type === "agent")
    if (newest) marks.read(newest)
    thread.seen = thread.last
    list.unread.delete(thread.id)
  }
  host.unread(list.count)
}

function render() {
  if (!shown) return
  seen()
  home.hear(settings.options.sound ? visitor.muted : undefined)
  home.shut(visitor.verified ? "" : texts.signIn)
  const who = trouble ? { state: "open", text: "", short: "" } : presence(settings.availability, texts) // else it is old news
  if (!thread) {
    const rows = list.rows.map((row) => ({ ...row, key: row.id, unread: list.unread.has(row.id) }))
    home.render(rows, who)
    return
  }
  home.render([], who) // out of sight, and found by nobody who searches the page
  const known = list.of(thread.id)
  conversation.render({
    thread,
    waiting: outbox.items.filter((item) => thread.owns(item)),
    present: who,
    first: thread.asked,
    helped: thanked,
    ending: endingOf(thread, known),
    state: known?.status,
    assignee: known?.assignee,
    trouble: trouble || (visitor.verified ? "" : texts.signIn),
    loading: Boolean(thread.id) && !thread.loaded,
  })
}

/** The server is told that Theo's answer was enough; where that fails, it can be pressed again. */
on.helped = async () => {
  const { id, messages } = thread
  const answer = messages.at(-1)
  const { error = "" } = await ask(`/${id}/messages/${answer.id}/feedback`, { helped: true })
  conversation.complain(error)
  if (error) return
  thanked = answer.id
  host.keep("thanked", thanked)
  render()
}

/** The help centre's articles, below the way to a new conversation. What does not come is tried at the next opening. */
const withHelp = () =>
  import("./help.js").then(
    ({ help }) => help({ home: home.node, id: settings.id, texts, onClose: host.close }),
    () => {},
  )

// What happens -----------------------------------------------------------------------------------------------

on.back = () => go()
on.looked = seen
on.said = (...said) => {
  landed = true
  send(thread, ...said)
}
on.changed = () => {
  if (landed) render()
  else if (shown) land()
}
on.online = () => {
  introduce()
  on.resync()
}
on.resync = () => {
  on.availability_changed() // perhaps, while we heard nothing
  outbox.flush()
  conversation.attach([])
  caughtUp()
}
on.other = (kept) => {
  if (kept) {
    part(kept)
    written = undefined
  }
  forget()
  blank = undefined
  landed = false
  show()
}

/** kept: what earlier pages left. */
async function begin(kept) {
  visitor.key = kept.key ?? ""
  visitor.muted = Boolean(kept.muted)
  thanked = kept.thanked ?? ""
  restore(kept)
  conversation.attach([], kept.files)
  dial()
  // Straight to where it belongs, if that is known soon; the greeting does not flash up before.
  await Promise.race([refresh(), new Promise((resolve) => setTimeout(resolve, CALM_MS))])
  if (!shown) land()
  const us = el("a", { href: "/", target: "_blank" }, texts.runsOn)
  document.body.append(el("main", {}, home.node, conversation.node), el("footer", {}, us))
  if (host.isOpen) focus(false)
}

paint(settings)
home.paint()
if (matchMedia("(forced-colors: active)").matches) import("./forced.js")
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing) host.close()
})
catchDrops(() => thread?.asked === "", conversation.attach)
document.addEventListener("visibilitychange", () => {
  if (document.hidden || !shown) return
  look()
  if (thread && state === "online") catchUp(thread) // who was away may have slept through it
  render()
})

let begun // a promise of that
host.listen({
  kept({ kept }) {
    if (!begun) begun = begin(kept)
    else if (kept.key && kept.key !== visitor.key) {
      // Another tab has become a visitor: this one is the same.
      visitor.customer = undefined
      become(kept.key, kept)
    } else restore(kept)
  },
  identify({ customer }) {
    visitor.customer = customer
    if (state === "online") introduce()
  },
  async send({ content }) {
    await begun
    if (!thread) start()
    if (content) on.said(content, [])
  },
  update({ changes }) {
    lay(changes, settings)
    lay(changes, settings.options)
    paint(settings)
    home.paint()
    render()
  },
  open() {
    if (!thread && list.count) land()
    else render()
    if (host.isOpen) {
      if (settings.has_help) withHelp()
      focus(false)
    }
    look()
  },
})
