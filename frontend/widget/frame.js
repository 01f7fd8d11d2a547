// The chat itself, in a frame of our own origin: what it knows, what it shows, what it sends.
// A live event is a hint; what counts is the server's order (`seq`), and a hole in it is asked for.

import { Follow } from "../../static/js/follow.js"
import { Marks } from "../../static/js/marks.js"
import { connect } from "../../static/js/socket.js"
import { around } from "./around.js"
import { asking } from "./asking.js"
import { presence } from "./availability.js"
import { conversationView } from "./conversation.js"
import { el } from "./dom.js"
import { catchDrops } from "./drop.js"
import { homeView } from "./home.js"
import * as host from "./host.js"
import { List } from "./list.js"
import { paint } from "./look.js"
import { LATER, Outbox, uuid } from "./outbox.js"
import { frameTexts } from "./texts.js"
import { Thread } from "./thread.js"
import { typingSignal } from "./typing.js"

const PAGE = 50 // messages shown of a long conversation at first, and each time more are asked for
const RECENT = 20 // messages that are asked for again after a break: somebody may have changed them
const CALM_MS = 1_500 // a shorter break of the connection is nobody's concern
const TYPED_MS = 6_000 // how long the other side's word counts

const settings = JSON.parse(document.getElementById("pb-settings").textContent)
const texts = await frameTexts()
// Settings shows the real thing with nobody behind it.
const dialTo = settings.preview ? (await import("./preview.js")).pretend(settings) : connect

// key: what opens this visitor's conversations. hasEmail: an address of theirs is known. customer: who the page says that
// they are. verified: they may write.
const visitor = { key: "", hasEmail: false, customer: undefined, verified: !settings.options.verified_only }
const list = new List()
const threads = new Map() // those opened here, by conversation id and by the outbox's key
let thread // the one in view; undefined: home
let open = false // the panel is on the screen
let landed = false // it is settled what a visitor sees who goes nowhere
let started = false // what earlier pages left is here
let shown = false
let listed = false // the server's list has come
let socket
let state = "connecting"
let trouble = ""
let muted = false // by the visitor
let introduced = Promise.resolve()

// What comes in --------------------------------------------------------------------------------------------

/** A message that we had not. */
function arrived(message) {
  if (message.sender_type !== "agent") return
  marks.delivered(message)
  host.message(message)
  if (settings.options.sound && !muted && !(open && document.hasFocus())) {
    import("./sound.js").then(
      ({ chime }) => chime(),
      () => {},
    ) // unheard is not lost
  }
  list.came(message.conversation_id)
}

function onMessage(message) {
  const item = outbox.items.find(({ id }) => id === message.client_message_id)
  const its = threads.get(message.conversation_id) ?? (item && threads.get(item.thread))
  const before = list.lastOf(message.conversation_id)
  list.note(message)
  if (its) {
    settle(its, message.conversation_id)
    if (message.sender_type === "agent") its.typing = false
    its.follow.hear(message)
  } else if (message.seq > before) arrived(message)
  render()
}

/** Other words, or none any more, where a message stood. */
function rewritten(message) {
  const known = list.of(message.conversation_id)
  if (known?.last_message?.seq === message.seq) known.last_message = message
  threads.get(message.conversation_id)?.rewrite(message)
  render()
}

/** A conversation that was only ours has got its id. */
function settle(its, id) {
  its.id = id
  threads.set(id, its)
}

/** Its messages without a hole: the tail at first, later whatever came after that. */
function follow(its) {
  its.follow = new Follow({
    at: its.loaded ? 0 : undefined,
    async ask(at) {
      if (!its.id) return { error: {} } // nothing of it is with the server
      // After a break from a little before: what was said last may have been changed meanwhile.
      const from = Math.max(0, at === undefined ? list.lastOf(its.id) - PAGE : at - RECENT)
      const ack = await socket.emit("resume", { conversation_id: its.id, seq: from })
      for (const message of ack.messages ?? []) if (message.seq <= at) its.rewrite(message)
      const theirs = ack.messages?.findLast(({ sender_type }) => sender_type === "agent")
      if (theirs) marks.delivered(theirs)
      if (theirs && its.loaded) refresh() // how many of them are unread is the server's to say
      return ack
    },
    take(messages, live) {
      const fresh = its.add(messages)
      if (live) fresh.forEach(arrived)
    },
  })
  return its
}

async function catchUp(its) {
  await its.follow.catchUp()
  its.loaded = its.follow.at !== undefined
  render()
}

/** The visitor has the end of the conversation before their eyes. */
function seen() {
  if (open && thread && !document.hidden && conversation.atEnd) {
    const newest = thread.messages.findLast(({ sender_type }) => sender_type === "agent")
    if (newest) marks.read(newest)
    thread.seen = thread.last
    list.unread.delete(thread.id)
  }
  host.unread(list.count)
}

async function earlier() {
  const its = thread
  const { first } = its
  let seq = Math.max(0, first - 1 - PAGE)
  while (seq < first - 1) {
    const ack = await socket.emit("resume", { conversation_id: its.id, seq })
    if (ack.error || !ack.messages.length) break
    its.add(ack.messages.filter((message) => message.seq < first))
    seq = ack.messages.at(-1).seq
  }
  render()
}

/** The list of conversations, asked at every connection: it tells of those that are not open here. */
async function refresh() {
  const { key } = visitor
  if (!key) return
  const headers = { "X-Visitor-Key": key, "Accept-Language": document.documentElement.lang } // mails speak it, too
  const answer = await fetch(`/api/v1/widget/${settings.id}/conversations`, { headers })
    .then((response) => response.ok && response.json())
    .catch(() => null) // the next connection asks again
  if (!answer || key !== visitor.key) return
  visitor.hasEmail = answer.has_email
  for (const { id, last_message: last } of answer.results) {
    if (!last) continue
    threads.get(id)?.heardOf(last)
    if (last.sender_type === "agent") marks.delivered(last)
  }
  list.take(answer.results, (id) => threads.get(id)?.seen ?? 0)
  listed = true
  update()
}

/** Until the visitor goes somewhere: to what an earlier page could not send, else to what is not closed, else home. */
function land() {
  const waits = outbox.items.at(-1)
  const current = list.rows.find(({ status }) => status !== "closed")
  const its = waits ? threadOf(waits.conversation_id, waits.thread) : current && threadOf(current.id)
  landed = listed && !waits
  if (shown && its === thread) return render()
  show(its)
  if (open) focus(false)
}

/** There is news of what we have. */
function update() {
  if (landed) render()
  else land()
}

const there = around({
  first: settings.availability,
  id: settings.id,
  isLooking: () => open && !document.hidden,
  changed: render,
})
const present = () => presence(there.now, texts)

const on = {
  availability_changed: there.lookSoon,
  new_message: onMessage,
  message_updated: rewritten,
  conversation_updated({ id, status, assignee }) {
    const known = list.of(id)
    if (known) Object.assign(known, { status, assignee })
    render()
  },
  typing({ conversation_id: id, user_id: agent, is_typing: typing }) {
    const its = threads.get(id)
    if (!its || agent === null) return // null: another tab of this visitor
    its.typing = typing
    clearTimeout(its.typed)
    if (typing) its.typed = setTimeout(on.typing, TYPED_MS, { conversation_id: id, user_id: agent, is_typing: false })
    render()
  },
  delivered: ({ conversation_id: id, seq }) => reached(id, "delivered", seq),
  read: ({ conversation_id: id, seq }) => reached(id, "read", seq),
  resync: caughtUp,
}

function reached(id, what, seq) {
  threads.get(id)?.reached(what, seq)
  render()
}

function caughtUp() {
  there.look()
  outbox.flush()
  marks.flush()
  refresh()
  for (const its of new Set(threads.values())) catchUp(its)
}

function dial() {
  socket = dialTo({
    auth: () => ({ business_id: settings.business_id, widget_id: settings.id, visitor_key: visitor.key || undefined }),
    onEvent: (name, payload) => on[name]?.(payload),
    onState(next, reason) {
      if (reason === "closed") return
      state = next
      if (state === "online") {
        trouble = ""
        introduce()
        caughtUp()
      } else if (state === "refused") {
        trouble = texts.refused
        outbox.stop(refused)
      } else setTimeout(worry, CALM_MS)
      render()
    },
  })
}

/** Tell the server who this is; nothing is sent before it has answered. */
function introduce() {
  if (visitor.customer || settings.options.verified_only) introduced = introduced.then(askWho)
}

async function askWho() {
  const ack = await socket.emit("identify", { customer: visitor.customer ?? {} })
  if (ack.error) {
    if (!LATER.includes(ack.error.code)) {
      console.warn("PingBack: identify:", ack.error.detail)
      visitor.customer = undefined
    }
    return
  }
  visitor.verified = ack.verified || !settings.options.verified_only
  if (ack.visitor_key) become(ack.visitor_key)
  render()
}

function know(key) {
  visitor.key = key
  host.keep("key", key)
}

/** This browser's visitor from now on. What another one wrote here goes out of sight. */
function become(visitor_key) {
  const wasKnown = visitor.key
  know(visitor_key)
  if (wasKnown) {
    threads.clear()
    list.clear()
    landed = listed = false
    show(undefined)
  }
  socket.close()
  dial()
}

function worry() {
  if (state === "online" || state === "refused") return
  trouble = texts.offline
  render()
}

// What goes out --------------------------------------------------------------------------------------------

const marks = new Marks((event, payload) => socket.emit(event, payload))

// What a person writes while nobody lets us in waits for a person: that we are let in again, nobody tells us.
const refused = { code: "refused" }

const outbox = new Outbox({
  async send(item) {
    if (state === "refused") return { error: refused }
    await introduced
    const error = await takeUp(item)
    if (error) return { error }
    return socket.emit("client_message", {
      content: item.content,
      client_message_id: item.id,
      visitor_key: visitor.key || undefined,
      customer: { ...(visitor.key ? {} : visitor.customer), ...item.customer },
      attachments: item.files?.map(({ url }) => url),
      ...(item.conversation_id ? { conversation_id: item.conversation_id } : { new: true }),
    })
  },
  keep: host.keep,
  sent(item, ack) {
    letGo(item)
    if (ack.visitor_key && ack.visitor_key !== visitor.key) {
      know(ack.visitor_key)
      refresh()
    }
    host.message(ack.message)
    onMessage({ ...ack.message, client_message_id: item.id })
  },
  changed: () => shown && update(),
})

/** Something was said in it, if only here. */
const isBegun = (its) => Boolean(its.id) || outbox.items.some((item) => its.owns(item))

function send(content, files, customer) {
  landed = true
  signal.stop()
  host.keep("draft", null)
  const item = () => ({ id: uuid(), content: "", thread: thread.key, conversation_id: thread.id })
  // Files go into a conversation that is there, so a new one begins with words: at least with their names.
  const isNew = !isBegun(thread)
  const words = content || (isNew ? files.map(({ name }) => name).join(", ") : "")
  thread.asked = ""
  if (words) outbox.add({ ...item(), content: words.replaceAll("\0", "").toWellFormed?.() ?? words, customer })
  if (files.length) {
    const theirs = { ...item(), files: files.map(({ name }) => ({ name })) }
    local.set(theirs.id, { files, stop: new AbortController() })
    outbox.add(theirs)
  }
}

const asks = asking({
  settings,
  texts,
  visitor,
  isOpen: () => there.now.is_open,
  isBegun,
  present,
  onSend({ content, customer }) {
    send(content, [], customer)
    conversation.write("")
    conversation.focus(true)
  },
  came: render,
})

let thanked = "" // the answer of Theo's that the visitor was helped by

/** Tell the server so; where that fails, it can be pressed again. */
async function helped() {
  const { id, messages } = thread
  const answer = messages.at(-1)
  const path = `/api/v1/widget/${settings.id}/conversations/${id}/messages/${answer.id}/feedback`
  const headers = { "Content-Type": "application/json", "X-Visitor-Key": visitor.key }
  const said = await fetch(path, { method: "POST", headers, body: '{"helped": true}' })
    .then((taken) => taken.json())
    .catch(() => ({}))
  if (!said.helped) return conversation.complain(said.error === "rate_limited" ? texts.tooOften : texts.notSent)
  conversation.complain("")
  thanked = answer.id
  host.keep("thanked", thanked)
  render()
}

// Files of items on their way, as long as this page lives: item's id -> {files, stop}.
const local = new Map()
let attach // the code for it, once it is here

/** Take the files of an item to the server, those that are not there. Resolves to an error when that did not work. */
async function takeUp(item) {
  if (!item.files || item.files.every(({ url }) => url)) return
  if (!item.conversation_id) return { code: "invalid" } // the words before it were refused
  const to = { address: `/api/v1/widget/${settings.id}/upload`, key: visitor.key }
  return attach.takeUp(item, {
    ...local.get(item.id),
    to,
    moved: (share) => conversation.moved(item, share),
    stored: () => outbox.store(item),
  })
}

function letGo(item) {
  for (const file of local.get(item.id)?.files ?? []) attach.forget(file)
  local.delete(item.id)
}

function again(item) {
  landed = true
  if (state === "refused") {
    state = "offline"
    dial()
  }
  outbox.retry(item)
}

function takeBack(item) {
  landed = true
  local.get(item.id)?.stop.abort()
  letGo(item)
  outbox.remove(item)
}

/** What is shown of an item's files: themselves, or their names when a page before this one had them. */
const previews = (item) =>
  local.get(item.id)?.files.map(attach.preview) ?? item.files.map(({ name }) => el("p", { class: "pb-b" }, name))

const signal = typingSignal((event, payload) => socket.emit(event, payload))

function typing(text) {
  landed = true
  host.keep("draft", text || null)
  signal.wrote(thread.id, text)
}

// What is shown --------------------------------------------------------------------------------------------

function threadOf(id, outboxKey = id) {
  const its = threads.get(id) ?? threads.get(outboxKey) ?? follow(new Thread(id, outboxKey))
  threads.set(outboxKey, its)
  if (id) threads.set(id, its)
  return its
}

const home = homeView({
  settings,
  texts,
  onClose: host.close,
  onNew: () => go(threadOf(null, uuid())),
  onOpen: (id) => go(threadOf(id)),
  onMute() {
    muted = !muted
    host.keep("muted", muted ? "1" : null)
    render()
  },
})

const conversation = conversationView({
  settings,
  texts,
  onBack: () => go(undefined),
  onClose: host.close,
  asked: asks.form,
  onSend: send,
  onTyping: typing,
  // Files themselves cannot be kept: whoever leaves the page with some chosen is told which.
  onFiles: (names) => host.keep("files", names.join(", ") || null),
  onHelped: helped,
  onEarlier: earlier,
  onRetry: again,
  onCancel: takeBack,
  async attachment() {
    attach = await import("./attach.js")
    return attach
  },
  onEnd: seen,
})

function show(its) {
  if (its !== thread) conversation.clear()
  thread = its
  if (thread) thread.asked ??= asks.first(thread)
  shown = true
  home.node.hidden = Boolean(thread)
  conversation.node.hidden = !thread
  render()
  if (thread && !thread.loaded && state === "online") catchUp(thread)
}

let hasHelp = false // on the first view
/** The help centre's articles, below the way to a new conversation. */
function withHelp() {
  if (hasHelp || !settings.has_help) return
  hasHelp = true
  import("./help.js").then(
    ({ help }) => home.node.append(...help({ home: home.node, id: settings.id, texts, onClose: host.close })),
    () => {
      hasHelp = false // the next opening tries again
    },
  )
}

function focus(asked) {
  if (settings.preview) return
  if (thread) conversation.focus(asked)
  else home.focus()
}

/** Where the visitor asked to go. */
function go(its) {
  landed = true
  show(its)
  focus(true)
}

function render() {
  if (!shown) return
  seen()
  home.hear(settings.options.sound ? muted : undefined)
  home.shut(visitor.verified ? "" : texts.signIn)
  const who = trouble ? { state: "open", text: "", short: "" } : present() // else it is old news
  if (!thread) {
    const rows = list.rows.map((row) => ({ ...row, unread: list.unread.has(row.id) }))
    home.render(rows, who)
    return
  }
  home.render([], who) // out of sight, and found by nobody who searches the page
  const known = list.of(thread.id)
  conversation.render({
    thread,
    waiting: outbox.items.filter((item) => thread.owns(item)),
    present: who,
    previews,
    first: thread.asked,
    helped: thanked,
    ending: asks.ending(thread, known),
    state: known?.status,
    assignee: known?.assignee,
    trouble: trouble || (visitor.verified ? "" : texts.signIn),
    loading: Boolean(thread.id) && !thread.loaded,
  })
}

let begun // a promise of that
async function start(kept) {
  started = true
  visitor.key = kept.key ?? ""
  muted = Boolean(kept.muted)
  thanked = kept.thanked ?? ""
  outbox.restore(kept)
  for (const item of outbox.items) {
    if (item.files?.some(({ url }) => !url)) item.error = { code: "lost" }
  }
  conversation.write(kept.draft ?? "")
  if (kept.files) {
    conversation.complain(texts.forgotten({ names: kept.files }))
    host.keep("files", null)
  }
  dial()
  // Straight to where it belongs, if that is known soon; the greeting does not flash up before.
  await Promise.race([refresh(), new Promise((resolve) => setTimeout(resolve, CALM_MS))])
  if (!shown) land()
  const us = el("a", { href: "/", target: "_blank", rel: "noopener" }, texts.runsOn)
  document.body.append(el("main", {}, home.node, conversation.node), el("footer", {}, us))
  if (open) focus(false)
}

paint(settings)
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing) host.close()
})
catchDrops(
  () => Boolean(thread),
  (files) => conversation.attach(files),
)
document.addEventListener("visibilitychange", () => {
  if (document.hidden || !shown) return
  there.look()
  if (thread && state === "online") catchUp(thread) // who was away may have slept through it
  render()
})
host.listen({
  kept({ kept }) {
    if (!started) begun = start(kept)
    else if (kept.key && kept.key !== visitor.key) become(kept.key) // another tab has become a visitor: this one is the same
  },
  identify({ customer }) {
    visitor.customer = customer
    if (state === "online") introduce()
  },
  async send({ content }) {
    await begun
    if (!thread) go(threadOf(null, uuid()))
    send(content, [])
  },
  update({ changes }) {
    Object.assign(settings, changes)
    Object.assign(settings.options, changes)
    paint(settings)
    render()
  },
  open({ open: next }) {
    open = next
    render()
    if (open) withHelp()
    if (open) focus(false)
    there.look()
  },
})
