// The help centre in the chat: a search over the articles that everybody may read, and one of them at a time.
// Loaded when the chat is first opened, where there is a help centre.

import { button, el, wear } from "./dom.js"
import style from "./help.css"
import { CHEVRON_LEFT, CHEVRON_RIGHT, icon, tool, X } from "./icons.js"
import { help as english } from "./languages/en.json"

wear(style)

const MOST = 3 // shown before anything is looked for
const MOST_FOUND = 6
const PAUSE_MS = 250 // in typing

let isThere = false

/** home: the node that they stand in, below the other cards, and where an article takes the place of all. */
export function help({ home, id, texts: rest, onClose }) {
  if (isThere) return
  isThere = true
  const texts = rest.over(english)
  const from = (path) =>
    fetch(`/api/v1/widget/${id}/articles${path}`).then((answer) => (answer.ok ? answer.json() : Promise.reject()))

  // The list ---------------------------------------------------------------------------------------------------

  const field = el("input", {
    class: "pb-in",
    id: "pb-help",
    type: "search",
    maxlength: "200",
    placeholder: texts.helpSearch,
  })
  const list = el("ul", {})
  const said = el("p", { class: "pb-notice", role: "status" })
  let asked = 0
  async function look() {
    const turn = ++asked
    const q = field.value.trim()
    try {
      const { results } = await from(`?${new URLSearchParams({ q, limit: q ? MOST_FOUND : MOST })}`)
      if (turn !== asked) return
      list.replaceChildren(...results.map(row))
      said.textContent = results.length ? "" : texts.helpNone
    } catch {
      if (turn === asked) said.textContent = texts.helpFailed
    }
  }
  const row = ({ id, title }) => {
    const press = button({ class: "pb-row" }, el("span", { dir: "auto" }, title), icon(CHEVRON_RIGHT))
    press.onclick = () => read(id, title, press)
    return el("li", {}, press)
  }
  let pause
  field.oninput = () => {
    clearTimeout(pause)
    pause = setTimeout(look, PAUSE_MS)
  }
  look()

  // One article ------------------------------------------------------------------------------------------------

  const title = el("h1", { dir: "auto", tabindex: "-1" })
  const body = el("div", { class: "pb-doc", dir: "auto" })
  let opener
  const back = () => {
    home.removeAttribute("data-reading")
    opener?.focus()
  }
  const article = el(
    "article",
    { class: "pb-article" },
    el(
      "header",
      { class: "pb-head" },
      tool(texts.back, CHEVRON_LEFT, { onclick: back }),
      title,
      tool(texts.close, X, { onclick: onClose }),
    ),
    body,
  )
  async function read(id, name, press) {
    opener = press
    title.textContent = name
    body.replaceChildren()
    body.ariaBusy = "true"
    home.setAttribute("data-reading", "")
    home.scrollTop = 0
    title.focus()
    try {
      const { html } = await from(`/${id}`)
      if (title.textContent !== name) return
      // A few plain elements that the server let through (theo/markdown.py).
      body.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes)
      for (const link of body.querySelectorAll("a")) link.target = "_blank"
    } catch {
      body.replaceChildren(el("p", { role: "alert" }, texts.helpFailed))
    }
    body.ariaBusy = "false"
  }

  const label = el("label", { class: "pb-vh", for: "pb-help" }, texts.helpSearch)
  home.append(el("div", { class: "pb-help pb-card" }, label, field, list, said), article)
}
