// What the widget asks of a visitor: who they are before they write, and how it was at the end.
// Loaded with the first form.

import { button, el, sendByEnter, wear } from "./dom.js"
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
    node: el(
      "div",
      { class: "pb-q" },
      el("label", { for: id }, el("bdi", {}, label), optional),
      field,
      more || "",
      error,
    ),
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
/** Sent by Enter, as everything that is written in the chat. */
const writing = (rows, most) =>
  el("textarea", { class: "pb-in", rows, maxlength: most, dir: "auto", enterkeyhint: "send", onkeydown: sendByEnter })
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

/** Any script of the page may write there, too. */
function answersIn(kept) {
  try {
    return JSON.parse(kept) ?? {}
  } catch {
    return {}
  }
}

/**
 * Asked before a conversation begins. which: "prechat", as the owner has set it up, whose own questions' answers stand
 * below the message, or "offline". present: who is there, in words. message: what is already written; kept: what beside
 * it, as keep(text) was told; "" is nothing.
 * onSend({content, customer: {name?, email?}}).
 */
export function askFirst({ which, settings, texts: rest, present, message, kept, keep, onSend }) {
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
  const area = writing(4, most)
  const words = question(texts.message, area, { required: true, texts })
  words.field.value = message
  const beside = [asked.name, asked.email, ...owns].filter(Boolean)
  const all = [...beside, words]
  const labelOf = ({ node }) => node.firstChild.textContent
  const answers = answersIn(kept)
  for (const each of beside) each.field.value = answers[labelOf(each)] ?? ""
  const form = el(
    "form",
    { class: "pb-form", novalidate: "" },
    el("h2", { tabindex: "-1", dir: "auto" }, title),
    lead && el("p", { dir: "auto" }, lead),
    ...all.map(({ node }) => node),
    el("button", { class: "pb-btn" }, texts.send),
  )
  form.oninput = () => keep(JSON.stringify(Object.fromEntries(beside.map((each) => [labelOf(each), each.field.value]))))
  form.onsubmit = (event) => {
    event.preventDefault()
    const wrong = all.filter((each) => !each.check())
    if (wrong.length) return wrong[0].field.focus()
    const customer = {}
    for (const [key, each] of Object.entries(asked))
      if (each?.field.value.trim()) customer[key] = each.field.value.trim()
    const answered = owns.filter(({ field }) => field.value.trim())
    const answers = answered.map(({ label, field }) => `${label}: ${field.value.trim()}`).join("\n")
    keep("")
    onSend({ content: [words.field.value.trim(), answers].filter(Boolean).join("\n\n"), customer })
  }
  // A keyboard that comes up takes room away: what is written in stays in sight.
  new ResizeObserver(() => {
    if (form.contains(document.activeElement)) document.activeElement.scrollIntoView({ block: "nearest" })
  }).observe(form)
  return { node: form, focus: (writes) => (writes ? all[0].field : form.firstChild).focus(), words: words.field }
}

/**
 * Stands at the end of a conversation; "" where nothing is offered. rating: {score, comment} as it is, or {}.
 * post(what, body): as `ask` of visitor.js does.
 */
export function ending({ texts: rest, settings, visitor, rating: { score, comment = "" }, post }) {
  const texts = rest.over(forms)
  const rates = settings.options.rating
  const mails = settings.options.transcript && settings.mail_is_on
  if (!rates && !mails) return ""
  const node = el("div", { class: "pb-ending" })
  const saying = () => el("p", { role: "status", tabindex: "-1" })
  const say = (place, sentence) => {
    place.textContent = sentence
    node.scrollIntoView({ block: "nearest" }) // it has grown
  }

  if (rates) {
    const faces = FACES.map((face, index) => {
      const onclick = () => rate(index + 1)
      return button({ "aria-label": texts.scores[index], "aria-pressed": String(score === index + 1), onclick }, face)
    })
    const area = writing(2, MOST_COMMENT)
    const more = el(
      "form",
      { hidden: "" },
      question(texts.comment, area, { required: false, texts }).node,
      el("button", { class: "pb-pill" }, texts.sendComment),
    )
    const said = saying()
    let told = Promise.resolve()
    /** Each time the whole rating, as a comment stays when the score changes; one behind the other, as none may pass. */
    const tell = () => {
      told = told.then(async () => {
        const { error } = await post("rating", { score, comment })
        if (!error) more.hidden = Boolean(comment)
        say(said, error ?? texts.thanks)
        return !error
      })
      return told
    }
    const rate = (next) => {
      score = next
      for (const [index, face] of faces.entries()) face.ariaPressed = String(index + 1 === score)
      return tell()
    }
    more.onsubmit = async (event) => {
      event.preventDefault()
      comment = area.value.trim()
      if (await tell()) faces[score - 1].focus()
    }
    node.append(el("fieldset", { class: "pb-rate" }, el("legend", {}, texts.howWasIt), ...faces), said, more)
  }

  if (mails) {
    const ask = button({ class: "pb-pill" }, texts.mailIt)
    const address = mailed(texts, "required")
    const where = el(
      "form",
      { hidden: "", novalidate: "" },
      address.node,
      el("button", { class: "pb-pill" }, texts.send),
    )
    const said = saying()
    const send = async (body) => {
      ask.disabled = true
      const { timeZone: time_zone } = Intl.DateTimeFormat().resolvedOptions()
      const { error, status, email } = await post("transcript", { ...body, time_zone })
      ask.disabled = false
      if (!error) where.hidden = ask.hidden = true
      say(said, status === 422 ? texts.badAddress : (error ?? texts.mailed({ address: email })))
      said.focus() // what had the focus may be gone
    }
    ask.onclick = () => {
      if (visitor.hasEmail) return send({})
      where.hidden = !where.hidden
      if (where.hidden) return
      address.field.focus()
      node.scrollIntoView({ block: "nearest" }) // it has grown
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
