// The live inbox. Events are hints: what they are about is fetched again, so that nothing is lost and nothing doubles.

import { actionsOf } from "./actions.js"
import { ahead } from "./ahead.js"
import { Arrival } from "./arrival.js"
import { calmly } from "./calm.js"
import { showCompany } from "./company.js"
import { enhanceComposer } from "./composer.js"
import { enhanceEditing } from "./editing.js"
import { enhanceInPlace } from "./in-place.js"
import { ask, Failed, fragment } from "./fragment.js"
import { Follow } from "./follow.js"
import { enhanceKeys } from "./keys.js"
import { Marks } from "./marks.js"
import { enhancePalette } from "./palette.js"
import { enhancePictures } from "./picture.js"
import { backoff, connect } from "./socket.js"
import { List } from "./list.js"
import { enhanceLists } from "./lists.js"
import { hear, lookAgain } from "./presence.js"
import { Selection } from "./selection.js"
import { enhanceSearch, showFound } from "./search.js"
import { Thread } from "./thread.js"
import { showWriting } from "./theo.js"
import { complain, toast } from "./toast.js"
import { enhanceWork } from "./working.js"

const CHOICES_MS = 1000 // every open inbox asks for a whole page
// Live events by the feed's word for them, where it matters which they are.
const KINDS = {
  agent_status_changed: "agent.status_changed",
  conversation_deleted: "conversation.deleted",
  message_updated: "message.updated",
  note_updated: "note.updated",
  new_message: "message.created",
}

export function enhanceInbox(body) {
  const list = new List(document.getElementById("list-scroll"))
  let thread = Thread.of(document.getElementById("thread"))
  let opening = new AbortController()
  let composer
  let shown = location.href
  const arrival = new Arrival()
  let begun = null // the newest draft of one's own that was heard of
  let isBegun = false // something was begun, or is no more, in the conversation that is open: its row says so later
  let line

  const typing = (id, is_typing) => line?.emit("typing", { conversation_id: id, is_typing })
  const dress = () => {
    if (!thread) return
    const own = thread // what is under way may end after one has left it
    composer = enhanceComposer(thread.element.querySelector("[data-composer]"), {
      onSent() {
        if (thread !== own) return
        const elsewhere = own.mergedInto || (own.isStill && own.id) // it shows there, and not at the end of this
        if (elsewhere) goOn(elsewhere)
        else own.catchUp({ toEnd: true }).catch(look) // it is sent: showing it can wait
      },
      onTyping: (writes) => typing(own.id, writes),
      onStale: () => own.catchUp().catch(look),
      onShow: () => (own.isStill ? goOn(own.id) : own.toEnd()),
      seen: () => own.seen,
    })
    thread.start()
    showFound(thread, new URLSearchParams(location.search).get("q") ?? "")
    line?.emit("join_conversation", { conversation_id: thread.id })
  }

  const leave = () => {
    if (!thread) return
    line?.emit("leave_conversation", { conversation_id: thread.id })
    thread.stop()
    composer.stop()
    thread = null
    if (isBegun) lookAtRows()
    isBegun = false
  }

  /** It is gone, but for words that were begun: they stay until one goes elsewhere. */
  const lose = () => {
    leave()
    composer.lose()
    const live = document.querySelectorAll("#thread-head :is(form, .pop), #panel :is(form, [data-change])")
    for (const part of live) part.remove()
  }

  // What cannot be fetched now is asked for until it is here: nothing else would bring it.
  let failures = 0
  let again
  let touched = new Set() // conversations that something happened to since the last look
  const look = calmly(async () => {
    clearTimeout(again)
    const moved = touched
    touched = new Set()
    const its = thread
    const looks = await Promise.allSettled([list.refresh(moved), its?.catchUp()])
    if (looks[1].reason?.status === 404 && its === thread && !looks[0].reason?.passes) {
      // It was deleted, or the list beside it, which of the two is known by the list's answer. Words that were begun
      // stay until one goes elsewhere.
      if (looks[0].reason || composer.isEmpty) return location.assign("/inbox/")
      lose()
    }
    if (looks[0].status === "rejected") for (const id of moved) touched.add(id)
    const errors = looks.filter(({ status }) => status === "rejected").map(({ reason }) => reason)
    errors.filter((error) => !(error instanceof Failed)).forEach(reportError)
    const passing = errors.filter((error) => error.passes)
    failures = passing.length && failures + 1
    const seconds = Math.max(...passing.map((error) => error.seconds))
    if (failures) again = setTimeout(look, Math.max(1000 * seconds, backoff(failures + 1)))
  })
  const lookAtRows = calmly(() => list.refresh().catch(look))
  const showChoices = calmly(() => thread?.showChoices().catch(() => {}), CHOICES_MS) // the next one has them

  const open = (address, options) => arrival.of(bring(address, options))

  /** True when it is there. */
  async function bring(address, { push = true } = {}) {
    opening.abort()
    opening = new AbortController()
    const { signal } = opening
    begun = null
    document.getElementById("thread").setAttribute("aria-busy", "true")
    document.getElementById("thread").inert = true // what is typed now is not meant for it
    try {
      const page = await (next.take(address) ?? fragment(address, { signal }))
      if (signal.aborted) return
      leave()
      swap(page, "thread")
      swap(page, "panel")
      thread = Thread.of(document.getElementById("thread"))
      body.dataset.view = "thread"
      document.title = document.title.replace(/^(?:.*?, )?/, `${thread.element.dataset.title}, `)
      if (push) history.pushState({}, "", address)
      shown = location.href
      list.mark(thread.id, thread.element.dataset.at)
      dress()
      if (begun?.conversation_id === thread.id) composer.heard(begun) // since the page was asked for
      thread.element.focus({ preventScroll: true })
      next.fetch(list.beside(1)?.href)
      return true
    } catch (error) {
      if (signal.aborted) return
      if (!error.passes) return location.assign(address) // the server's page says what is wrong
      document.getElementById("thread").removeAttribute("aria-busy")
      document.getElementById("thread").inert = false
      list.mark(thread?.id, thread?.element.dataset.at)
      if (!push) history.replaceState({}, "", shown)
      complain(error)
    }
  }

  /** To the row behind, once what was done with the open one is answered; nowhere when one has left it meanwhile. */
  function moveOn(row, done) {
    const from = thread
    const { signal } = opening
    list.goTo(row)
    const moves = done.then(
      () => thread === from && !signal.aborted && bring(row.href),
      () => {
        if (thread === from && !signal.aborted) list.mark(from.id, from.element.dataset.at)
      },
    )
    return arrival.of(moves)
  }

  /** Nothing is open any more, unless another one is by now. */
  async function shut(id) {
    const page = await fragment(`/inbox/${list.query}`)
    if (thread?.id !== id) return
    leave()
    swap(page, "thread")
    swap(page, "panel")
    body.dataset.view = "list"
    history.pushState({}, "", `/inbox/${list.query}`)
    shown = location.href
    document.title = page.title
    list.mark()
  }

  /** What waits to be sent is in the composer again. */
  async function takeBack(event) {
    event.preventDefault()
    try {
      const answer = await ask(event.target.action, { body: new FormData(event.target, event.submitter) })
      composer.put(await answer.json())
    } catch (error) {
      complain(error)
    }
    await look()
  }

  function assigned({ conversation_id, assigned_by }) {
    if (assigned_by === body.dataset.user) return // one's own doing is no news
    const address = `/inbox/${conversation_id}/`
    toast(body.dataset.assigned, { action: body.dataset.show, onAction: () => open(address) })
  }

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return
    if (event.target.closest("[data-try-now]")) return line.retry()
    const row = event.target.closest("[data-row]")
    const go = event.target.closest("[data-go]")
    const back = event.target.closest("[data-back]")
    const other = event.target.closest(":is(#lists, #list-tabs, #list-choice, #list-sort) a:not([data-plain])")
    const clear = event.target.closest("[data-clear-search]")
    if (row) open(row.href)
    else if (other || clear) return goTo((other ?? clear).href, event)
    else if (go) body.dataset.view = go.dataset.go
    else if (back) body.dataset.view = "list"
    else return
    event.preventDefault()
    if (back) history.pushState({}, "", `/inbox/${list.query}`)
    if (go)
      document
        .getElementById(go.dataset.go === "customer" ? "panel" : "thread")
        .querySelector("[data-go]")
        .focus()
  })
  document.addEventListener("submit", (event) => event.target.matches("[data-take-back]") && takeBack(event))
  let listed = list.query
  addEventListener("popstate", () => {
    const row = /^\/inbox\/([0-9a-f-]{36})\/$/.exec(location.pathname)
    if (list.query !== listed) showList()
    search.follow()
    if (row && row[1] !== thread?.id) open(location.href, { push: false })
    else body.dataset.view = row ? "thread" : "list"
  })

  /** Another list beside the conversation that is open. */
  function goTo(address, event) {
    event.preventDefault()
    const { search: query } = new URL(address)
    if (body.dataset.view !== "list" && thread) history.pushState({}, "", `/inbox/${thread.id}/${query}`)
    else history.pushState({}, "", `/inbox/${query}`)
    search.follow()
    showList()
  }

  async function showList() {
    selection.clear()
    listed = list.query
    await list.reset().catch(complain)
  }

  const search = enhanceSearch(body.querySelector("form[role=search]"), { go: () => showList() })

  const selection = new Selection(list, { look: () => look(), undo: body.dataset.undo })

  enhanceWork(body, {
    list,
    look,
    shut,
    moveOn,
    open: (id) => open(`/inbox/${id}/${list.query}`),
    thread: () => thread,
  })
  enhancePictures()
  enhanceLists(document.getElementById("list-choice"))
  enhanceEditing(document.getElementById("editing"), {
    changed(seq) {
      if (seq) thread.changed.add(seq)
      look()
    },
    moved({ address, told, undo, back }, token) {
      const restore = () =>
        ask(undo, { body: token })
          .then(() => open(back + list.query))
          .catch(complain)
      toast(told, { action: body.dataset.undo, onAction: restore })
      open(address + list.query).then(look)
    },
  })
  enhanceInPlace({ changed: () => look() })
  const actions = actionsOf({
    body,
    list,
    selection,
    arrival,
    open: (address) => open(address),
    thread: () => thread,
    composer: () => composer,
  })
  const go = (id, seq) => {
    const query = new URLSearchParams(list.query)
    if (seq) query.set("at", seq)
    open(`/inbox/${id}/${query.size ? `?${query}` : ""}`)
  }
  /** Likewise, by who may be writing: they go on there. */
  const goOn = (id) => {
    const form = document.activeElement.closest("[data-composer]")
    go(id)
    if (form) actions[form.elements.mode.value]()
  }
  enhanceKeys(actions, { holds: () => arrival.willWrite })
  enhancePalette(document.getElementById("palette"), { actions, go })

  // What one will probably open next is here before one asks for it; never older than what happened to it.
  const next = ahead()

  // Every change of the workspace, live or asked for; what it is about is fetched as it is now.
  const marks = new Marks((event, payload) => line.emit(event, payload))
  const feed = new Follow({
    at: Number(body.dataset.feed), // read before anything that the page shows
    ask: (cursor) => line.emit("resume", { cursor }),
    take: (news) => news.forEach(changed),
    anew: () => Promise.all([thread?.redraw(), list.reset()]).then(look, () => location.reload()),
  })

  function changed({ kind, object, data, conversation_id }) {
    if (kind === "agent.status_changed") return hear("agent_status_changed", data)
    const about = object?.conversation_id ?? object?.id ?? conversation_id
    touched.add(about)
    next.forget(about)
    if (kind === "message.created" && object?.sender_type === "customer") marks.delivered(object)
    if (kind === "note.updated") thread?.noteChanged(object, data)
    if (kind === "message.updated") thread?.messageChanged(object)
    if (kind === "message.created" && object?.sender_id === body.dataset.user) composer?.settle()
    if (kind === "conversation.deleted" && about === thread?.id && !composer.isEmpty) lose()
    look()
  }

  const offline = body.querySelector("[data-offline]") // says it; what is seen of it follows from the state
  const showOffline = (is) => {
    body.toggleAttribute("data-is-offline", is)
    offline.textContent = is ? offline.dataset.offline : ""
  }
  /** What we missed, whatever it is; receipts are in no feed. */
  const resume = () => {
    feed.catchUp()
    look()
  }
  let late
  line = connect({
    auth: { business_id: body.dataset.business },
    onEvent: (name, payload) => {
      if (payload.feed_seq) feed.hear({ seq: payload.feed_seq, kind: KINDS[name], object: payload, data: payload })
      else if (name === "resync") resume()
      else if (name === "typing") thread?.typing(payload)
      else if (name === "presence" && payload.conversation_id === thread?.id)
        showCompany(thread.element, payload, body.dataset.user)
      else if (name === "delivered" || name === "read") {
        if (payload.conversation_id === thread?.id) thread.reached(name, payload.seq)
      } else if (name === "conversation_assigned") assigned(payload)
      else if (name === "draft_changed") {
        next.forget(payload.conversation_id)
        begun = payload
        if (payload.conversation_id === thread?.id) {
          composer.heard(payload)
          isBegun = true
        } else lookAtRows()
      } else if (name === "conversation_read") {
        lookAtRows()
      } else if (name === "customer_visited") {
        if (thread?.customer === payload.customer_id) look()
      } else if (name === "channel_changed") {
        next.forget("") // whichever it is of
        if (thread?.channel === payload.channel_id) look()
      } else if (name === "settings_changed") {
        next.forget("")
        selection.renew()
        showChoices()
        look()
      } else if (name === "theo_draft") showWriting(payload)
      else hear(name, payload)
    },
    onState: (state, reason) => {
      clearTimeout(late)
      lookAgain(state)
      if (state === "online") {
        showOffline(false)
        if (thread) line.emit("join_conversation", { conversation_id: thread.id })
        resume()
        marks.flush()
        composer?.settle()
        composer?.catchUp()
      } else if (state === "offline") {
        late = setTimeout(() => {
          showOffline(true)
          if (thread) showCompany(thread.element, { viewers: [], typing: [] }, body.dataset.user)
        }, 1500) // a blink of the network is nobody's business
      } else if (state === "refused" && ["unauthorized", "second_factor_setup_required"].includes(reason))
        location.reload()
    },
  })
  document.addEventListener("visibilitychange", () => document.hidden || feed.catchUp()) // we may have slept
  addEventListener("pagehide", () => line.close())
  addEventListener("pageshow", (event) => event.persisted && location.reload())
  list.mark(thread?.id, thread?.element.dataset.at)
  dress()
  body.dataset.ready = ""
}

function swap(page, id) {
  document.getElementById(id).replaceWith(document.importNode(page.getElementById(id), true))
}
