// The chat itself, in a frame of our own origin: what it knows, what it shows, what it sends.
// A live event is a hint; what counts is the server's order (`seq`), and a hole in it is asked for.

import { Follow } from "../../static/js/follow.js"
import { Marks } from "../../static/js/marks.js"
import { connect } from "../../static/js/socket.js"
import { presence } from "./availability.js"
import { darkRules, readable, textOn } from "./colour.js"
import { conversationView } from "./conversation.js"
import { el } from "./dom.js"
import { homeView } from "./home.js"
import * as host from "./host.js"
import { LATER, Outbox } from "./outbox.js"
import { frameTexts } from "./texts.js"
import { Thread } from "./thread.js"

const PAGE = 50 // messages shown of a long conversation at first, and each time more are asked for
const RECENT = 20 // messages that are asked for again after a break: somebody may have changed them
const CALM_MS = 1_500 // a shorter break of the connection is nobody's concern
const TYPING_MS = 3_000 // how often "is typing" is repeated while it is true
const FRESH_MS = 30_000 // so long we believe what we heard of who is there, if nobody tells us otherwise
const SPREAD_MS = 2_000 // within which all open chats look at who is there
const MOST_MS = 2 ** 31 - 1 // of a timer
const TYPED_MS = 6_000 // how long the other side's word counts

const settings = JSON.parse(document.getElementById("pb-settings").textContent)
const texts = await frameTexts()
// Settings shows the real thing with nobody behind it.
const dialTo = settings.preview ? (await import("./preview.js")).pretend(settings) : connect

let key = "" // the visitor key: what opens this visitor's conversations
let conversations = [] // newest first, as the server lists them
const threads = new Map() // those opened here, by conversation id and by the outbox's key
const unread = new Map() // conversation id -> how many came while nobody looked
let thread // the one in view; undefined: home
let open = false // the panel is on the screen
let landed = false // it is settled what a visitor sees who goes nowhere
let started = false // what earlier pages left is here
let shown = false
let listed = false // the server's list has come
let socket
let state = "connecting"
let trouble = ""
let { availability } = settings
let askedAt = Date.now() // for it; 0: it is old
let opens // the timer for the hour that changes it
let muted = false // by the visitor
let customer // who the page says that the visitor is
let verified = !settings.options.verified_only // may write
let introduced = Promise.resolve()

// What comes in --------------------------------------------------------------------------------------------

function conversationOf(id) {
  return conversations.find((conversation) => conversation.id === id)
}

/** Newest first, with this message as its last. */
function note(message) {
  const { conversation_id: id } = message
  const known = conversationOf(id) ?? { id, status: "open" }
  const seq = known.last_message?.seq ?? 0
  if (seq > message.seq) return
  // Whoever writes again reopens it; that the server did so is told later.
  const status = message.sender_type === "customer" && seq < message.seq ? "open" : known.status
  conversations = [{ ...known, status, last_message: message }, ...conversations.filter((other) => other !== known)]
}

/** A message that we had not. */
function arrived(message) {
  if (message.sender_type !== "agent") return
  const { conversation_id: id } = message
  marks.delivered(message)
  host.message(message)
  if (settings.options.sound && !muted && !(open && document.hasFocus())) {
    import("./sound.js").then(
      ({ chime }) => chime(),
      () => {},
    ) // unheard is not lost
  }
  unread.set(id, (unread.get(id) ?? 0) + 1)
}

function onMessage(message) {
  const item = outbox.items.find(({ id }) => id === message.client_message_id)
  const its = threads.get(message.conversation_id) ?? (item && threads.get(item.thread))
  const before = conversationOf(message.conversation_id)?.last_message?.seq ?? 0
  note(message)
  if (its) {
    settle(its, message.conversation_id)
    if (message.sender_type === "agent") its.typing = false
    its.follow.hear(message)
  } else if (message.seq > before) arrived(message)
  render()
}

/** Other words, or none any more, where a message stood. */
function rewritten(message) {
  const known = conversationOf(message.conversation_id)
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
      const from = Math.max(0, at === undefined ? (conversationOf(its.id)?.last_message?.seq ?? 0) - PAGE : at - RECENT)
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
    unread.delete(thread.id)
  }
  let count = 0
  for (const each of unread.values()) count += each
  host.unread(count)
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
  if (!key) return
  const headers = { "X-Visitor-Key": key }
  const answer = await fetch(`/api/v1/widget/${settings.id}/conversations`, { headers })
    .then((response) => response.ok && response.json())
    .catch(() => null) // the next connection asks again
  if (!answer) return
  hasEmail = answer.has_email
  conversations = answer.results.map((row) => {
    const known = conversationOf(row.id)
    const [here, there] = [known?.last_message?.seq ?? 0, row.last_message?.seq ?? 0]
    if (row.last_message) threads.get(row.id)?.heardOf(row.last_message)
    if (here > there) return known // something happened while the answer was on its way
    if (row.last_message?.sender_type === "agent") marks.delivered(row.last_message)
    if (row.unread && there > (threads.get(row.id)?.seen ?? 0)) unread.set(row.id, row.unread)
    else unread.delete(row.id)
    return { ...known, id: row.id, status: row.status, rating: row.rating, last_message: row.last_message }
  })
  listed = true
  update()
}

/** Until the visitor goes somewhere: to what an earlier page could not send, else to what is not closed, else home. */
function land() {
  const waits = outbox.items.at(-1)
  const current = conversations.find(({ status }) => status !== "closed")
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

/** Who is there changes while the chat is open. */
async function lookAround() {
  if (!open || document.hidden || Date.now() - askedAt < FRESH_MS) return
  askedAt = Date.now()
  const answer = await fetch(`/api/v1/widget/${settings.id}/availability`).catch(() => null)
  if (!answer?.ok) return // the next look tells
  availability = await answer.json()
  render()
  waitForChange()
}

function lookSoon() {
  askedAt = 0
  setTimeout(lookAround, Math.random() * SPREAD_MS) // not all at once
}

/** Nobody tells when the hours begin or end: that is known before. */
function waitForChange() {
  clearTimeout(opens)
  const { changes_at: at } = availability
  if (at) opens = setTimeout(lookSoon, Math.min(MOST_MS, Math.max(0, new Date(at) - Date.now())))
}

const on = {
  availability_changed: lookSoon,
  new_message: onMessage,
  message_updated: rewritten,
  conversation_updated({ id, status, assignee }) {
    const known = conversationOf(id)
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
  lookAround()
  outbox.flush()
  marks.flush()
  refresh()
  for (const its of new Set(threads.values())) catchUp(its)
}

function dial() {
  socket = dialTo({
    auth: () => ({ business_id: settings.business_id, widget_id: settings.id, visitor_key: key || undefined }),
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
  if (customer || settings.options.verified_only) introduced = introduced.then(askWho)
}

async function askWho() {
  const ack = await socket.emit("identify", { customer: customer ?? {} })
  if (ack.error) {
    if (!LATER.includes(ack.error.code)) {
      console.warn("PingBack: identify:", ack.error.detail)
      customer = undefined
    }
    return
  }
  verified = ack.verified || !settings.options.verified_only
  if (ack.visitor_key) become(ack.visitor_key)
  render()
}

/** This browser's visitor from now on. What another one wrote here goes out of sight. */
function become(visitor_key) {
  const wasKnown = key
  key = visitor_key
  host.keep("key", key)
  if (wasKnown) {
    threads.clear()
    unread.clear()
    conversations = []
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
      visitor_key: key || undefined,
      customer: { ...(key ? {} : customer), ...item.customer },
      attachments: item.files?.map(({ url }) => url),
      ...(item.conversation_id ? { conversation_id: item.conversation_id } : { new: true }),
    })
  },
  keep: host.keep,
  sent(item, ack) {
    letGo(item)
    if (ack.visitor_key && ack.visitor_key !== key) {
      key = ack.visitor_key
      host.keep("key", key)
      if (!landed) refresh()
    }
    host.message(ack.message)
    onMessage({ ...ack.message, client_message_id: item.id })
  },
  changed: () => shown && update(),
})

/** Version 4. `crypto.randomUUID` is missing where a house tries us over plain http. */
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6] & 0x0f) | 0x40
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
}

function send(content, files, customer) {
  landed = true
  stopTyping()
  host.keep("draft", null)
  const item = () => ({ id: uuid(), content: "", thread: thread.key, conversation_id: thread.id })
  // Files go into a conversation that is there, so a new one begins with words: at least with their names.
  const isNew = !thread.id && !outbox.items.some((other) => thread.owns(other))
  const words = content || (isNew ? files.map(({ name }) => name).join(", ") : "")
  thread.asked = ""
  if (words) outbox.add({ ...item(), content: words.replaceAll("\0", "").toWellFormed?.() ?? words, customer })
  if (files.length) {
    const theirs = { ...item(), files: files.map(({ name }) => ({ name })) }
    local.set(theirs.id, { files, stop: new AbortController() })
    outbox.add(theirs)
  }
}

// What is asked ----------------------------------------------------------------------------------------------

let hasEmail = false // an address of the visitor is known
let forms // the code for it, once it is here
const withForms = async () => {
  forms ??= await import("./forms.js")
  return forms
}

/** Before a conversation begins: "prechat", "offline", or "" for nothing. */
function firstOf(its) {
  if (its.id || outbox.items.some((item) => its.owns(item))) return ""
  const { offline_form: offline, prechat } = settings.options
  if (offline && !availability.is_open && !hasEmail && !customer?.email) return "offline"
  return prechat.enabled && !key && !customer ? "prechat" : ""
}

/** The form for it; rejects when its code does not come. */
async function asked(which, message) {
  const { askFirst } = await withForms()
  const onSend = ({ content, customer }) => {
    send(content, [], customer)
    conversation.write("")
    conversation.focus(true)
  }
  return askFirst({ which, settings, texts, present: presence(availability, texts).text, message, onSend })
}

/** What stands at the end of a conversation that is over: a rating, a way to have it mailed. */
function endingOf(its) {
  const known = conversationOf(its.id)
  if (!["resolved", "closed"].includes(known?.status)) {
    its.ending = undefined
    return
  }
  const rates = settings.options.rating
  const mails = settings.options.transcript && settings.mail_is_on
  if (!(rates || mails) || !its.messages.some(({ sender_type }) => sender_type === "agent")) return
  if (!forms) {
    withForms().then(render, () => {}) // the next look at it asks again
    return
  }
  its.ending ??= forms.ending({
    texts,
    score: known.rating?.score,
    rates,
    mails,
    hasEmail: () => hasEmail,
    key: () => key,
    path: `/api/v1/widget/${settings.id}/conversations/${its.id}`,
  })
  return its.ending
}

// Files of items on their way, as long as this page lives: item's id -> {files, stop}.
const local = new Map()
let attach // the code for it, once it is here

/** Take the files of an item to the server, those that are not there. Resolves to an error when that did not work. */
async function takeUp(item) {
  if (!item.files || item.files.every(({ url }) => url)) return
  if (!item.conversation_id) return { code: "invalid" } // the words before it were refused
  const { files, stop } = local.get(item.id)
  const to = { address: `/api/v1/widget/${settings.id}/upload`, key, conversation_id: item.conversation_id }
  for (const [index, file] of files.entries()) {
    if (item.files[index].url) continue
    const moved = (share) => conversation.moved(item, (index + share) / files.length)
    const { url, error } = await attach.upload(file, to, stop.signal, moved)
    if (error) return error
    item.files[index].url = url
    outbox.store(item)
  }
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

let saidTyping = 0 // when, and to whom
let typingIn
let stopping
function typing(text) {
  landed = true
  host.keep("draft", text || null)
  if (!thread.id || !text) return stopTyping()
  clearTimeout(stopping)
  stopping = setTimeout(stopTyping, TYPING_MS)
  if (Date.now() - saidTyping < TYPING_MS) return
  saidTyping = Date.now()
  typingIn = thread.id
  socket.emit("typing", { conversation_id: typingIn, is_typing: true })
}

function stopTyping() {
  clearTimeout(stopping)
  if (!saidTyping) return
  saidTyping = 0
  socket.emit("typing", { conversation_id: typingIn, is_typing: false })
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
  asked,
  onSend: send,
  onTyping: typing,
  // Files themselves cannot be kept: whoever leaves the page with some chosen is told which.
  onFiles: (names) => host.keep("files", names.join(", ") || null),
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
  if (thread) thread.asked ??= firstOf(thread)
  shown = true
  home.node.hidden = Boolean(thread)
  conversation.node.hidden = !thread
  render()
  if (thread && !thread.loaded && state === "online") catchUp(thread)
}

let helped = false
/** The help centre's articles, below the way to a new conversation. */
function withHelp() {
  if (helped || !settings.has_help) return
  helped = true
  import("./help.js").then(
    ({ help }) => home.node.append(...help({ home: home.node, id: settings.id, texts, onClose: host.close })),
    () => {
      helped = false // the next opening tries again
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
  home.shut(verified ? "" : texts.signIn)
  const present = trouble ? { state: "open", text: "", short: "" } : presence(availability, texts) // else it is old news
  if (!thread) {
    const rows = conversations.map((row) => ({ ...row, unread: unread.has(row.id) }))
    home.render(rows, present)
    return
  }
  home.render([], present) // out of sight, and found by nobody who searches the page
  const known = conversationOf(thread.id)
  conversation.render({
    thread,
    waiting: outbox.items.filter((item) => thread.owns(item)),
    present,
    previews,
    first: thread.asked,
    ending: endingOf(thread),
    state: known?.status,
    assignee: known?.assignee,
    trouble: trouble || (verified ? "" : texts.signIn),
    loading: Boolean(thread.id) && !thread.loaded,
  })
}

const dark = darkRules(document.styleSheets[0])

function paint() {
  const { style } = document.documentElement
  const { theme } = settings.options
  dark.choose(theme)
  style.colorScheme = theme === "auto" ? "" : theme
  const brand = settings.primary_color
  style.setProperty("--pb-brand", brand)
  style.setProperty("--pb-on", textOn(brand))
  style.setProperty("--pb-ink-light", readable(brand, "#f2f2f6"))
  style.setProperty("--pb-ink-dark", readable(brand, "#24262f"))
}

let begun // a promise of that
async function start(kept) {
  started = true
  key = kept.key ?? ""
  muted = Boolean(kept.muted)
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

paint()
waitForChange()
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing) host.close()
})
// A file that is dropped anywhere is meant for the conversation, and must never take the frame's place.
document.addEventListener("dragover", (event) => {
  event.preventDefault()
  document.body.classList.toggle("pb-over", Boolean(thread) && event.dataTransfer.types.includes("Files"))
})
for (const name of ["dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    if (name === "dragleave" && event.relatedTarget) return
    document.body.classList.remove("pb-over")
    if (name === "dragleave") return
    event.preventDefault()
    if (thread) conversation.attach([...event.dataTransfer.files])
  })
}
document.addEventListener("visibilitychange", () => {
  if (document.hidden || !shown) return
  lookAround()
  if (thread && state === "online") catchUp(thread) // who was away may have slept through it
  render()
})
host.listen({
  onKept(kept) {
    if (!started) begun = start(kept)
    else if (kept.key && kept.key !== key) become(kept.key) // another tab has become a visitor: this one is the same
  },
  onIdentify(fields) {
    customer = fields
    if (state === "online") introduce()
  },
  async onSend(content) {
    await begun
    if (!thread) go(threadOf(null, uuid()))
    send(content, [])
  },
  onUpdate(changes) {
    Object.assign(settings, changes)
    Object.assign(settings.options, changes)
    paint()
    render()
  },
  onOpen(next) {
    open = next
    render()
    if (open) withHelp()
    if (open) focus(false)
    lookAround()
  },
})
