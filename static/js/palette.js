// Ctrl-K: what one can do here, what was said and by whom, and where one can go, in one field. Answers while one types.

import { ask } from "./fragment.js"

const CALM_MS = 120
const MOST = 6 // of each kind
const GROUPS = { said: ["message", "note"], people: ["customer"], articles: ["article"] }
const PAGES = { customer: "customers", article: "knowledge" } // of what has no conversation
const FROM = "\ue000" // around what was found in a snippet
const TO = "\ue001"

/**
 * actions: name -> what to do, for the entries of the keyboard's help (`data-action`). go(id, seq): open a conversation, at a message if there is one.
 */
export function enhancePalette(dialog, { actions = {}, go = leave } = {}) {
  const field = dialog.querySelector("input")
  const results = dialog.querySelector("[role=listbox]")
  const template = dialog.querySelector("template").content
  let timer
  let asking = new AbortController()
  let entries = []
  let found = []

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return
    event.preventDefault()
    if (dialog.open) return dialog.close()
    if (!document.querySelector("dialog[open]")) open()
  })
  for (const opener of document.querySelectorAll("[data-palette]")) opener.addEventListener("click", open)

  function open() {
    field.value = ""
    found = []
    show()
    dialog.showModal()
  }

  field.addEventListener("input", () => {
    found = field.value.trim() ? found : []
    show()
    clearTimeout(timer)
    timer = setTimeout(look, CALM_MS)
  })
  field.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (by) {
      event.preventDefault()
      const at = entries.findIndex(({ node }) => node.getAttribute("aria-selected") === "true")
      select((at + by + entries.length) % entries.length)
    } else if (event.key === "Enter") {
      event.preventDefault()
      entries.find(({ node }) => node.getAttribute("aria-selected") === "true")?.node.click()
    }
  })

  async function look() {
    asking.abort()
    asking = new AbortController()
    const { signal } = asking
    const text = field.value.trim()
    if (!text) return
    const address = `/api/v1/search?limit=${2 * MOST}&q=${encodeURIComponent(text)}`
    const answer = await ask(address, { signal })
      .then((response) => response.json())
      .catch(() => null) // half an operator is no question yet
    if (signal.aborted) return
    found = answer ? answer.results : []
    show()
  }

  function show() {
    const words = field.value.toLowerCase().match(/[\p{L}\p{N}]+/gu)
    const fits = (label) => !words || words.every((word) => label.toLowerCase().includes(word))
    entries = []
    results.replaceChildren()
    // What concerns the open conversation comes first.
    const lines = [...document.querySelectorAll("#keys [data-action]")]
    const near = lines.map((line) => Boolean(line.closest("[data-of-the-open-one]")))
    const doings = [...lines.filter((_line, at) => near[at]), ...lines.filter((_line, at) => !near[at])]
      .filter((line) => actions[line.dataset.action] && line.dataset.action !== "palette")
      .map((line) => ({
        label: line.querySelector("dt").textContent,
        keys: line.querySelector("dd"),
        run: actions[line.dataset.action],
      }))
      // What only a menu has; most of it would hide the rest from who has not said a word yet.
      .concat([...document.querySelectorAll(words ? "[data-macro], [data-entry]" : "[data-macro]")].map(ofButton))
      .filter(({ label }) => fits(label))
    add("actions", words ? doings.slice(0, MOST) : doings)
    for (const [kind, types] of Object.entries(GROUPS)) {
      const hits = found.filter(({ type }) => types.includes(type))
      add(kind, hits.map(ofHit).slice(0, MOST))
    }
    const places = [...document.querySelectorAll("#lists a, .rail > a.rail-item")].map(ofButton)
    if (words) add("places", places.filter(({ label }) => fits(label)).slice(0, MOST))
    dialog.querySelector("[data-none]").hidden = entries.length > 0 || !words
    if (entries.length) select(0)
    else field.removeAttribute("aria-activedescendant")
  }

  function ofHit(hit) {
    const { id, type, conversation_id: conversation } = hit
    const run = () => (conversation ? go(conversation, hit.seq) : location.assign(`/${PAGES[type]}/${id}/`))
    return { label: hit.title, snippet: hit.snippet, run }
  }

  function add(kind, those) {
    if (!those.length) return
    results.append(document.importNode(template.querySelector(`[data-title=${kind}]`), true))
    for (const { label, snippet = "", keys, run } of those) {
      const node = document.importNode(template.querySelector("[role=option]"), true)
      node.id = `palette-${entries.length}`
      node.querySelector("[data-label]").textContent = label
      if (snippet && snippet.replaceAll(FROM, "").replaceAll(TO, "") !== label)
        node.querySelector("[data-snippet]").append(...piecesOf(snippet))
      if (keys) node.querySelector(".keys").append(...[...keys.childNodes].map((key) => key.cloneNode(true)))
      const number = entries.length
      node.addEventListener("pointermove", () => select(number))
      node.addEventListener("click", () => {
        dialog.close()
        run()
      })
      entries.push({ node })
      results.append(node)
    }
  }

  function select(at) {
    entries.forEach(({ node }, number) => {
      node.setAttribute("aria-selected", String(number === at))
    })
    const { node } = entries[at] ?? {}
    if (!node) return
    field.setAttribute("aria-activedescendant", node.id)
    node.scrollIntoView({ block: "nearest" })
  }
}

/** What a button or link of the page says, behind what its menu is about. */
function ofButton(button) {
  const words = [...button.childNodes]
    .filter((node) => !node.classList?.contains("n") && !node.classList?.contains("meta"))
    .map((node) => node.textContent)
  const label = words.join(" ").trim()
  const { entry } = button.dataset
  return { label: entry ? `${entry}: ${label}` : label, run: () => button.click() }
}

function leave(id, seq) {
  location.assign(`/inbox/${id}/${seq ? `?at=${seq}` : ""}`)
}

function piecesOf(snippet) {
  return snippet.split(FROM).flatMap((part) => {
    const [hit, rest] = part.includes(TO) ? part.split(TO) : ["", part]
    const mark = document.createElement("mark")
    mark.textContent = hit
    return hit ? [mark, rest] : [rest]
  })
}
