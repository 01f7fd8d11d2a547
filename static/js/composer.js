// Reply without leaving the page; without us the form still posts. One key for the same words: a retry doubles
// nothing, and other words are never taken for the ones before.

import { enhanceAttach } from "./attach.js"
import { enhanceEmoji } from "./emoji.js"
import { ask, Failed } from "./fragment.js"
import { enhanceLimits } from "./limits.js"
import { enhanceQuoting } from "./quoting.js"
import { backoff } from "./socket.js"
import { enhanceSuggest } from "./suggest.js"

const TYPING_EVERY_MS = 3000
const HIGHEST_PX = 240
const KEEP_AFTER_MS = 800
const WRITING_MS = 5000 // after a key was pressed, somebody is writing
const SIGNS = { b: "*", i: "_" } // with Ctrl: what is put around bold and slanted words
const KEY_REUSED = "idempotency_key_reused"

/**
 * onSent: called when a reply is with the server. onTyping(writes): called while somebody writes a reply.
 * onStale: something came that was not seen; onShow: it is to be shown. seen(): the newest message that is shown.
 * Returns settle(): there is reason to believe that what could not be sent works now; heard(draft), catchUp(): what the
 * same person has begun elsewhere; write(), put(); isEmpty, lose(); and stop().
 */
export function enhanceComposer(form, { onSent, onTyping, onStale, onShow, seen }) {
  const text = form.elements.content
  const id = form.elements.client_message_id
  const button = form.querySelector("[data-send]")
  const note = form.querySelector("[data-error]")
  const draft = `draft:${document.body.dataset.user}:${form.action.match(/[0-9a-f-]{36}/)[0]}`
  let keyed = null // the words and files that went out under this key, as long as we do not know that they arrived
  let saidAt = 0
  let chosen = {} // how the reply goes that is on its way, or waits to go out by itself
  let next = null // how the next one goes, when Send was pressed once more meanwhile
  let failures = 0
  let waiting = 0 // the timer, while what could not be sent waits to go out by itself
  let isStopped = false
  let isLost = false
  let keeping = 0 // the timer, while the draft is not with the server yet
  let kept = null // what the server has of it
  let wroteAt = 0
  let catchingUp = 0 // the timer, while what another tab did is not taken over, since one writes here
  let asked = null // the words with a blank that somebody was asked about
  const stale = form.querySelector("[data-stale]")
  const noteMode = form.querySelector("[data-note-mode]")

  const grow = () => {
    text.rows = 2
    while (text.rows < 12 && text.scrollHeight > text.clientHeight && text.clientHeight < HIGHEST_PX) text.rows += 1
  }
  const complain = (detail) => {
    note.querySelector("[data-error-text]").textContent = detail
    note.hidden = !detail
    text.toggleAttribute("aria-invalid", Boolean(detail))
  }
  const limit = enhanceLimits(form)
  const files = enhanceAttach(form, complain)
  const quoting = enhanceQuoting(form, () => {
    form.querySelector("[name=mode][value=reply]").checked = true
    dressForMode()
    text.focus({ preventScroll: true })
  })

  /**
   * how: `after`, what is done with the conversation once it is sent; `later`, when it goes out, if not now; `seen`,
   * what was shown when somebody sent it. force: this once it goes whatever came in the meantime. byItself: nobody
   * asked for it just now, so the focus stays where it is.
   */
  async function send({ how = {}, force = false, byItself = false } = {}) {
    if (isLost) return
    if (!(text.value.trim() || files.any)) return byItself || text.focus()
    const meant = text.value
    const blank = byItself || noteMode.checked || asked === meant ? "" : await suggest.blankIn(meant)
    if (blank) {
      asked = meant
      complain(form.dataset.blank.replace("{blank}", blank))
      return suggest.choose(blank)
    }
    how = { seen: seen(), ...how }
    if (button.getAttribute("aria-busy")) {
      next = how
      return
    }
    next = null
    chosen = how
    keep()
    const sent = text.value
    button.setAttribute("aria-busy", "true")
    form.setAttribute("aria-busy", "true")
    complain("")
    stale.hidden = true
    try {
      if (!(await files.settled()) || !(text.value.trim() || files.any)) return
      const gone = files.chips
      await post(sent, force)
      for (const chip of gone) chip.remove()
      asked = null
      if (!noteMode.checked) quoting.clear()
      if (text.value.startsWith(sent)) text.value = text.value.slice(sent.length).trimStart() // what came after it stays
      failures = 0
      remember()
      grow()
      onTyping(false)
      onSent()
    } catch (error) {
      if (!text.value.startsWith(sent)) text.value = `${sent}\n${text.value}` // nothing that was written is lost
      next = null
      remember()
      grow()
      fail(error)
    } finally {
      button.removeAttribute("aria-busy")
      form.removeAttribute("aria-busy")
      kept = null
      if (!byItself) text.focus({ preventScroll: true })
    }
    if (next) send({ how: next, byItself: true })
  }

  function fail(error) {
    if (error.kind === "stale") return guard(error.message)
    if (!(error instanceof Failed)) reportError(error)
    if (!error.passes) return complain(error.status < 500 ? error.message : form.dataset.broken)
    complain(error.status ? form.dataset.busy : form.dataset.unsent)
    failures += 1
    const ms = Math.max(1000 * error.seconds, backoff(failures + 1))
    if (!isStopped) waiting = setTimeout(settle, ms)
  }

  function settle() {
    if (waiting) send({ how: chosen, byItself: true })
  }

  /** Ask once, in place; the words stay. */
  function guard(words) {
    stale.querySelector("[data-stale-text]").textContent = words
    stale.hidden = false
    onStale()
  }

  /** In note mode it is the team that reads it: the whole composer says so. */
  function dressForMode() {
    const isNote = noteMode.checked
    form.classList.toggle("composer-note", isNote)
    limit(isNote)
    text.placeholder = isNote ? form.dataset.noteWords : form.dataset.replyWords
    form.querySelector("label[for=reply]").textContent = text.placeholder
    form.querySelector("[data-send-label]").textContent = isNote ? form.dataset.addWords : form.dataset.sendWords
    if (isNote) onTyping(false)
  }

  /** It stays in the box, and goes out when somebody sends it. */
  function keep() {
    clearTimeout(waiting)
    waiting = 0
  }

  async function post(words, force) {
    const all = `${noteMode.checked} ${quoting.seq.value} ${files.names} ${words}`
    if (keyed !== null && keyed !== all) id.value = newId()
    keyed = all
    const body = new FormData(form)
    body.set("seen_seq", chosen.seen)
    if (chosen.after) body.set("then", chosen.after)
    if (chosen.later) body.set("later", chosen.later)
    body.set("undo", "1") // where it leaves the house, it waits a few seconds
    if (force) body.set("force", "1")
    try {
      await ask(form.action, { body })
    } catch (error) {
      if (error.kind !== KEY_REUSED) throw error
      id.value = newId() // the browser kept the key of an earlier reply, as after "Back"
      body.set(id.name, id.value)
      await ask(form.action, { body })
    }
    id.value = newId()
    keyed = null
  }

  /**
   * What is not sent yet outlives the page: at once in this tab, a moment later on the server, and from then on only
   * there: it may be sent or thrown away elsewhere.
   */
  function remember() {
    if (text.value) sessionStorage.setItem(draft, words())
    else sessionStorage.removeItem(draft)
    clearTimeout(keeping)
    keeping = setTimeout(keepDraft, KEEP_AFTER_MS)
  }

  const words = () => `${noteMode.checked} ${text.value}`

  /** Not while a reply is under way: with it the server forgets the draft, and whatever is left is kept after it. */
  async function keepDraft() {
    clearTimeout(keeping)
    keeping = 0
    if (form.hasAttribute("aria-busy")) return remember()
    if (words() === kept) return
    const mine = words()
    kept = mine
    const body = new FormData()
    body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value)
    body.set("content", text.value)
    body.set("mode", noteMode.checked ? "note" : "reply")
    try {
      await ask(form.dataset.draft, { body })
      if (sessionStorage.getItem(draft) === mine) sessionStorage.removeItem(draft)
    } catch {
      kept = null // this tab has it; the next change tries again
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault()
    const of = (name) => (event.submitter?.name === name ? event.submitter.value : "")
    event.submitter?.closest("[data-pop]")?.removeAttribute("open")
    send({ how: { after: of("then"), later: of("later") } })
  })
  form.elements.later_at.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return
    event.preventDefault() // else it goes out at once, by the first button of the form
    form.requestSubmit(form.querySelector("[name=later][value=at]"))
  })
  stale.addEventListener("click", ({ target }) => {
    if (target.closest("[data-stale-anyway]")) {
      stale.hidden = true
      send({ how: chosen, force: true })
    } else if (target.closest("[data-stale-show]")) {
      stale.hidden = true
      onShow()
      text.focus({ preventScroll: true })
    }
  })
  for (const choice of form.querySelectorAll("[name=mode]"))
    choice.addEventListener("change", () => {
      dressForMode()
      remember()
      text.focus({ preventScroll: true })
    })
  const suggest = enhanceSuggest(form, () => noteMode.checked)
  enhanceEmoji(form.querySelector("[data-emoji]"), text)
  text.addEventListener("keydown", (event) => {
    const sign = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && SIGNS[event.key]
    if (!sign) return
    event.preventDefault()
    markUp(text, sign)
  })
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return
    event.preventDefault()
    send()
  })
  text.addEventListener("input", () => {
    wroteAt = Date.now()
    grow()
    remember()
    keep()
    complain("")
    if (noteMode.checked || Date.now() - saidAt < TYPING_EVERY_MS) return
    saidAt = Date.now()
    onTyping(Boolean(text.value))
  })
  text.addEventListener("blur", () => {
    if (text.value) onTyping(false)
  })

  function fill(isNote, content) {
    form.querySelector(`[name=mode][value=${isNote ? "note" : "reply"}]`).checked = true
    text.value = content
  }

  /** Not over what is being written here, or is not with the server yet: that is kept in its turn. */
  function heard({ content, is_note }) {
    if (`${is_note} ${content}` === kept) return
    if (words() !== kept || keeping || form.hasAttribute("aria-busy")) return
    if (Date.now() - wroteAt < WRITING_MS) {
      clearTimeout(catchingUp)
      catchingUp = setTimeout(catchUp, WRITING_MS)
      return
    }
    kept = `${is_note} ${content}`
    fill(is_note, content)
    if (!content) for (const chip of files.chips) chip.remove() // it is sent
    sessionStorage.removeItem(draft)
    dressForMode()
    grow()
  }

  /** What was begun in another tab while this one heard nothing; or the server learns what was begun here. */
  async function catchUp() {
    if (isStopped) return
    if (words() !== kept) return keepDraft()
    const before = kept
    const answer = await ask(form.dataset.draft).catch(() => null) // the next connection asks again
    if (answer && kept === before) heard(await answer.json()) // else it is older than what was written meanwhile
  }

  // A page that says why a reply was refused holds it; the server may have an older one.
  kept = text.hasAttribute("aria-invalid") ? null : `${noteMode.defaultChecked} ${text.defaultValue}`
  const own = kept === null ? null : sessionStorage.getItem(draft)?.match(/^(true|false) (.*)$/s)
  if (own?.[0] === kept) sessionStorage.removeItem(draft)
  else if (own) {
    fill(own[1] === "true", own[2])
    remember()
  }
  grow()
  dressForMode()
  return {
    /** r and n: what one is about to write. */
    write({ note: asNote }) {
      ;(asNote ? noteMode : form.querySelector("[name=mode][value=reply]")).checked = true
      dressForMode()
      text.focus()
      if (!text.selectionEnd) text.setSelectionRange(text.value.length, text.value.length) // nobody was in it yet
    },
    heard,
    catchUp,
    /** What comes back from where it waited. files: as they stand in a composer. */
    put({ content, files: chips }) {
      ;(form.querySelector("[name=mode][value=reply]") ?? noteMode).checked = true
      dressForMode()
      files.put(chips)
      text.value = text.value ? `${content}\n${text.value}` : content
      text.dispatchEvent(new Event("input", { bubbles: true }))
      text.focus()
    },
    settle,
    get isEmpty() {
      return !text.value.trim()
    },
    /** What it is about is gone: the words are there to be copied. */
    lose() {
      isLost = true
      for (const each of form.elements) each.disabled = each !== text
      text.readOnly = true
      complain(form.dataset.gone)
    },
    stop() {
      isStopped = true
      keep()
      if (keeping) keepDraft()
    },
  }
}

/** Put signs around what is chosen, or take them off; where nothing is, between them one goes on. */
function markUp(text, sign) {
  const { selectionStart: start, selectionEnd: end, value } = text
  const isMarked = value[start - 1] === sign && value[end] === sign
  if (isMarked) text.setRangeText(value.slice(start, end), start - 1, end + 1, "select")
  else text.setRangeText(`${sign}${value.slice(start, end)}${sign}`, start, end)
  if (!isMarked) text.setSelectionRange(start + 1, end + 1)
  text.dispatchEvent(new Event("input", { bubbles: true }))
}

/** A random UUID, on plain http too, where crypto.randomUUID is missing. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6] & 15) | 64
  bytes[8] = (bytes[8] & 63) | 128
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
}
