// The preview beside a widget's form is the real widget on a page of ours; what is written in the form, it shows.

const SWATCHES = ["#7650FF", "#0F5F59", "#1F5FD6", "#C4347E", "#C2410C", "#26272F"]

export function enhanceWidgetForm(form) {
  const frame = document.querySelector("[data-preview]")
  const colour = form.elements.primary_color
  const set = form.querySelector("[data-swatches]")
  const hint = form.querySelector("[data-contrast]")
  const words = hint.dataset.words
  const tell = (...command) => frame.contentWindow.PingBack?.(...command)

  const show = () => {
    const rgb = parse(colour.value)
    for (const swatch of set.children)
      swatch.setAttribute("aria-pressed", String(swatch.value === colour.value.toUpperCase()))
    tell("update", chosen(form, frame.dataset))
    if (!rgb) return
    const light = luminance(rgb)
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
  const enter = {
    home() {
      tell("reset")
      tell("open")
    },
    chat() {
      tell("reset")
      tell("send", frame.dataset.question)
    },
    greeting() {
      tell("close")
      tell("update", { greeting: { ...chosen(form, frame.dataset).greeting, enabled: true, delay: 0, page: "" } })
    },
    closed: () => tell("close"),
  }
  const go = (state) => {
    for (const button of states.children) button.setAttribute("aria-pressed", String(button.value === state))
    enter[state]()
  }
  states.addEventListener("click", ({ target }) => target.value && go(target.value))
  states.hidden = false

  const begin = () => {
    show()
    go("home")
  }
  if (frame.contentDocument?.readyState === "complete" && frame.contentWindow.PingBack) begin()
  frame.addEventListener("load", begin)
}

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
  // A greeting is shown when it is asked for, not while one writes.
  told.greeting.enabled = false
  if (!parse(told.primary_color)) delete told.primary_color
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

function parse(text) {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(text)
  const long = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text)
  if (short) return short.slice(1).map((digit) => parseInt(digit + digit, 16))
  return long?.slice(1).map((digits) => parseInt(digits, 16))
}

/** Relative luminance, 0 to 1. Source: WCAG 2.2, "relative luminance". */
function luminance(rgb) {
  const [red, green, blue] = rgb.map((value) => {
    const part = value / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
