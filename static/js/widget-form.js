// The preview beside a widget's form is the real widget on a page of ours; what is written in the form, it shows.

import { luminance } from "./contrast.js"

const SWATCHES = ["#7650FF", "#0F5F59", "#1F5FD6", "#C4347E", "#C2410C", "#26272F"]

const COLOUR = /^#([0-9a-f]{3}){1,2}$/i

// Option -> the preview's state that shows it.
const STATES = {
  offline_form: "away",
  offline_text: "away",
  rating: "ended",
  show_online_badge: "home",
  transcript: "ended",
  verified_only: "home",
}
const stateOf = (name) => (name.startsWith("prechat_") ? "questions" : STATES[name])

export function enhanceWidgetForm(form) {
  const frame = document.querySelector("[data-preview]")
  const colour = form.elements.primary_color
  const set = form.querySelector("[data-swatches]")
  const hint = form.querySelector("[data-contrast]")
  const words = hint.dataset.words
  const tell = (...command) => frame.contentWindow.PingBack?.(...command)

  const show = () => {
    for (const swatch of set.children)
      swatch.setAttribute("aria-pressed", String(swatch.value === colour.value.toUpperCase()))
    tell("update", chosen(form, frame.dataset))
    hint.textContent = ""
    if (!COLOUR.test(colour.value)) return
    const light = luminance(colour.value)
    const [onWhite, onBlack] = [1.05 / (light + 0.05), (light + 0.05) / 0.05]
    hint.textContent = words.replace("{ratio}", (onWhite >= 4.5 ? onWhite : Math.max(onWhite, onBlack)).toFixed(1))
  }

  if (!colour.disabled) {
    for (const value of SWATCHES) {
      const swatch = document.createElement("button")
      Object.assign(swatch, { type: "button", className: "swatch", value, ariaLabel: value })
      swatch.style.setProperty("--swatch", value)
      swatch.addEventListener("click", () => {
        colour.value = value
        show()
      })
      set.append(swatch)
    }
    set.hidden = false
  }
  form.addEventListener("input", show)

  const states = document.querySelector("[data-preview-states]")
  const silent = { greeting: { enabled: false } }
  const talk = (shown, ...command) => {
    tell("update", { preview_ends: false, preview_asks: false, ...shown, ...silent })
    tell("reset")
    tell(...command)
  }
  const question = ["send", frame.dataset.question]
  const enter = {
    home: () => talk(hours(form, true), "open"),
    chat: () => talk(hours(form, true), ...question),
    questions: () => talk({ preview_asks: true, ...hours(form, true) }, "open"),
    away: () => talk({ preview_asks: form.elements.offline_form?.checked, ...hours(form, false) }, "open"),
    ended: () => talk({ preview_ends: true, ...hours(form, true) }, ...question),
    greeting() {
      tell("close")
      tell("update", { greeting: { enabled: true, delay: 0, page: "" } })
    },
    closed() {
      tell("close")
      tell("update", silent)
    },
  }
  const go = (state) => {
    for (const button of states.children) button.setAttribute("aria-pressed", String(button.value === state))
    enter[state]()
  }
  states.addEventListener("click", ({ target }) => target.value && go(target.value))
  // What shows in one state alone, or from the beginning, is gone to.
  form.addEventListener("change", ({ target }) => stateOf(target.name) && go(stateOf(target.name)))
  states.hidden = false

  const begin = () => {
    tell("update", { primary_color: frame.dataset.colour }) // which stays where what is written is none
    show()
    go("home")
  }
  if (frame.contentDocument?.readyState === "complete" && frame.contentWindow.PingBack) begin()
  frame.addEventListener("load", begin)
}

/** Business hours as the preview has them. */
const hours = (form, isOpen) => ({
  availability: { is_open: isOpen, is_online: isOpen && (form.elements.show_online_badge?.checked ?? true) },
})

/** What the form says of the widget, as `PingBack("update")` takes it. title: the name where none is written. */
function chosen(form, { title, answer }) {
  const told = { preview_answer: answer, greeting: {}, prechat: {} }
  for (const { name, type, value, checked } of form.elements) {
    if (!name || name === "domain" || name.includes("-")) continue
    const [, group, key] = /^(greeting|prechat)_(.*)/.exec(name) ?? []
    const into = group ? told[group] : told
    into[key ?? name] = type === "checkbox" ? checked : type === "number" ? Number(value) : value
  }
  told.name ||= title
  told.prechat.questions = [...form.querySelectorAll("[data-question]")].map(asked).filter(({ label }) => label)
  // When a greeting is shown, the preview's states say.
  told.greeting = { text: told.greeting.text }
  if (!COLOUR.test(told.primary_color)) delete told.primary_color
  return told
}

/** One row of questions, as widgets/options.py has it. */
function asked(row) {
  const [label, kind, choices, required] = row.querySelectorAll("input, select, textarea")
  const lines = choices.value.split("\n").map((line) => line.trim())
  return { label: label.value.trim(), kind: kind.value, choices: lines.filter(Boolean), required: required.checked }
}

/** Chips that say a colour in a list. */
export function showColours() {
  for (const element of document.querySelectorAll("[data-colour]")) {
    element.style.setProperty("--chip", element.dataset.colour)
  }
}
