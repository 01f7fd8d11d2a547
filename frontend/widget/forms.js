// What the widget asks of a visitor: who they are before they write, and how it was at the end.
// Loaded with the first form.

import { el, wear } from "./dom.js"
import style from "./forms.css"
import { forms } from "./languages/en.json"

wear(style)

const FACES = ["😞", "🙁", "😐", "🙂", "😄"]
const MOST_COMMENT = 1_000
const [MOST_LABEL, MOST_ANSWER] = [90, 1_000] // of one question, with what stands around it
const ADDRESS = /^[^\s@]+@[^\s@]+\.[^\s@]+$/

let numbers = 0

/** A label with its field below, and what is wrong with it below that. */
function question(label, field, { required, texts, hint }) {
  const id = `pb-q${++numbers}`
  const error = el("span", { class: "pb-err", id: `${id}-error`, role: "alert" })
  field.id = id
  field.required = required
  const more = hint && el("small", { id: `${id}-hint` }, hint)
  field.setAttribute("aria-describedby", `${id}-hint ${error.id}`)
  const say = (sentence) => {
    error.textContent = sentence
    field.ariaInvalid = sentence ? "true" : "false"
  }
  field.addEventListener("input", () => say(""))
  const optional = required ? "" : el("em", {}, ` ${texts.optional}`)
  return {
    node: el("div", { class: "pb-q" }, el("label", { for: id }, label, optional), field, more || "", error),
    field,
    say,
    /** True when it is good. */
    check() {
      const value = field.value.trim()
      if (required && !value) say(texts.missing)
      else if (value && field.type === "email" && !ADDRESS.test(value)) say(texts.badAddress)
      else return true
      return false
    },
  }
}

const input = (type, autocomplete, most) =>
  el("input", { class: "pb-in", type, autocomplete, maxlength: most, dir: "auto" })
const named = (texts, how) => question(texts.name, input("text", "name", 200), { required: how === "required", texts })
const mailed = (texts, how, hint) =>
  question(texts.email, input("email", "email", 254), { required: how === "required", texts, hint })

/** One of the owner's own, as widgets/options.py has it. */
function own(texts, { label, kind, required, choices = [] }) {
  const fields = {
    lines: () => el("textarea", { class: "pb-in", rows: "2", maxlength: MOST_ANSWER, dir: "auto" }),
    choice: () => {
      const options = choices.map((each) => el("option", {}, each))
      return el("select", { class: "pb-in" }, el("option", { value: "" }, texts.choose), ...options)
    },
  }
  const field = (fields[kind] ?? (() => input("text", "off", MOST_ANSWER)))()
  return { ...question(label, field, { required, texts }), label }
}

/**
 * Asked before a conversation begins. which: "prechat", as the owner has set it up, whose own questions' answers stand
 * below the message, or "offline". present: who is there, in words. message: what is already written.
 * onSend({content, customer: {name?, email?}}).
 */
export function askFirst({ which, settings, texts: rest, present, message, onSend }) {
  const texts = rest.over(forms)
  const { prechat, offline_text, mail_answers } = settings.options
  const hint = settings.mail_is_on && mail_answers && texts.mailHint
  const { title, lead, name, email, questions } =
    which === "prechat"
      ? { ...prechat, title: texts.before, lead: prechat.text || texts.beforeLead }
      : { title: present, lead: offline_text || texts.leave, name: "optional", email: "required", questions: [] }
  const asked = {
    name: name === "off" ? undefined : named(texts, name),
    email: email === "off" ? undefined : mailed(texts, email, hint),
  }
  const owns = questions.map((each) => own(texts, each))
  const most = 10_000 - owns.length * (MOST_ANSWER + MOST_LABEL)
  const area = el("textarea", { class: "pb-in", rows: "4", maxlength: most, dir: "auto" })
  const words = question(texts.message, area, { required: true, texts })
  words.field.value = message
  const all = [asked.name, asked.email, ...owns, words].filter(Boolean)
  const form = el(
    "form",
    { class: "pb-form", novalidate: "" },
    el("h2", { tabindex: "-1", dir: "auto" }, title),
    lead && el("p", { dir: "auto" }, lead),
    ...all.map(({ node }) => node),
    el("button", { type: "submit", class: "pb-btn" }, texts.send),
  )
  form.onsubmit = (event) => {
    event.preventDefault()
    const wrong = all.filter((each) => !each.check())
    if (wrong.length) return wrong[0].field.focus()
    const customer = {}
    for (const [key, each] of Object.entries(asked))
      if (each?.field.value.trim()) customer[key] = each.field.value.trim()
    const answered = owns.filter(({ field }) => field.value.trim())
    const answers = answered.map(({ label, field }) => `${label}: ${field.value.trim()}`).join("\n")
    onSend({ content: [words.field.value.trim(), answers].filter(Boolean).join("\n\n"), customer })
  }
  // A keyboard that comes up takes room away: what is written in stays in sight.
  new ResizeObserver(() => {
    if (form.contains(document.activeElement)) document.activeElement.scrollIntoView({ block: "nearest" })
  }).observe(form)
  return { node: form, focus: (writes) => (writes ? all[0].field : form.firstChild).focus(), words: words.field }
}

/**
 * Stands at the end of a conversation. score: what it was rated, or undefined. rates, mails: what of it is offered.
 * visitor: {key, hasEmail: an address is known}. path: of the conversation.
 */
export function ending({ texts: rest, score, rates, mails, visitor, path }) {
  const texts = rest.over(forms)
  /** Resolves to the answer, or to {error} as an ack has it. */
  const post = async (what, body) => {
    const headers = { "X-Visitor-Key": visitor.key, "Content-Type": "application/json" }
    try {
      const answer = await fetch(`${path}/${what}`, { method: "POST", headers, body: JSON.stringify(body) })
      const said = await answer.json()
      if (answer.ok) return said
      if (answer.status === 429) return { error: { detail: texts.tooOften } }
      if (document.documentElement.lang !== "en") return { error: {} } // the server speaks English
      return { error: { detail: Array.isArray(said.detail) ? said.detail[0].msg : said.detail } }
    } catch {
      return { error: {} }
    }
  }
  const node = el("div", { class: "pb-ending" })
  const status = () => el("p", { class: "pb-said", role: "status", tabindex: "-1" })
  const say = (place, sentence) => {
    place.textContent = sentence
    node.scrollIntoView({ block: "nearest" }) // it has grown
  }

  if (rates) {
    const faces = FACES.map((face, index) => {
      const button = el("button", { type: "button", "aria-label": texts.scores[index] }, face)
      button.ariaPressed = String(score === index + 1)
      button.onclick = () => rate(index + 1)
      return button
    })
    const area = el("textarea", { class: "pb-in", rows: "2", maxlength: MOST_COMMENT, dir: "auto" })
    const comment = question(texts.comment, area, { required: false, texts })
    const said = status()
    const more = el("form", { hidden: "" }, comment.node, el("button", { class: "pb-pill" }, texts.sendComment))
    const tell = async (body) => {
      const { error } = await post("rating", body)
      if (!error) more.hidden = Boolean(body.comment)
      say(said, error ? error.detail || texts.notSent : texts.thanks)
      return !error
    }
    const rate = async (next) => {
      score = next
      for (const [index, face] of faces.entries()) face.ariaPressed = String(index + 1 === score)
      await tell({ score })
    }
    more.onsubmit = async (event) => {
      event.preventDefault()
      if (await tell({ score, comment: area.value.trim() })) faces[score - 1].focus()
    }
    node.append(el("fieldset", { class: "pb-rate" }, el("legend", {}, texts.howWasIt), ...faces), said, more)
  }

  if (mails) {
    const ask = el("button", { type: "button", class: "pb-pill" }, texts.mailIt)
    const address = mailed(texts, "required")
    const where = el(
      "form",
      { hidden: "", novalidate: "" },
      address.node,
      el("button", { class: "pb-pill" }, texts.send),
    )
    const said = status()
    const send = async (body) => {
      ask.disabled = true
      const { error, email } = await post("transcript", body)
      ask.disabled = false
      if (!error) where.hidden = ask.hidden = true
      say(said, error ? error.detail || texts.notSent : texts.mailed({ address: email }))
      said.focus() // what had the focus may be gone
    }
    ask.onclick = () => {
      if (visitor.hasEmail) return send({})
      where.hidden = !where.hidden
      if (!where.hidden) address.field.focus()
    }
    where.onsubmit = (event) => {
      event.preventDefault()
      if (address.check()) send({ email: address.field.value.trim() })
      else address.field.focus()
    }
    node.append(ask, where, said)
  }

  return node
}
