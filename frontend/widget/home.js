// The first view: a greeting, the visitor's conversations, and the way to a new one.

import { el } from "./dom.js"
import { icon, SEND, X } from "./icons.js"
import { avatar, showPresence, when } from "./people.js"

export function homeView({ settings, texts, onClose, onOpen, onNew }) {
  const list = el("ul", { "aria-label": texts.your })
  const there = el("small", { class: "pb-there" })
  const start = el(
    "button",
    { type: "button", class: "pb-row pb-card", onclick: onNew },
    el("span", { class: "pb-words" }, el("b", {}, texts.sendMessage), there),
    icon(SEND),
  )
  const brand = el("div", { class: "pb-brand" })
  if (settings.logo_url) {
    const logo = el("img", { src: settings.logo_url, alt: "", referrerpolicy: "no-referrer" })
    logo.onerror = () => logo.remove()
    brand.append(logo)
  }
  brand.append(
    el("span", { dir: "auto" }, settings.name),
    el("button", { type: "button", class: "pb-ib", "aria-label": texts.close, onclick: onClose }, icon(X)),
  )

  const row = ({ id, last_message: last, unread }) => {
    const agent = last?.sender_type === "agent" && last.sender_name
    const name = agent || settings.name
    const words = el("span", { class: "pb-words" }, el("b", { dir: "auto" }, name))
    const said = last && (last.content || last.attachments.map((file) => file.filename).join(", "))
    if (last) words.append(el("small", { dir: "auto" }, agent ? said : `${texts.you}: ${said}`))
    const meta = el(
      "small",
      {},
      unread ? el("span", { class: "pb-new" }, texts.unread) : last ? when(last.created_at, texts) : "",
    )
    const attributes = { type: "button", class: "pb-row pb-card", "data-id": id, onclick: () => onOpen(id) }
    return el("li", {}, el("button", attributes, avatar(name, agent && last.sender_avatar_url), words, meta))
  }

  const heading = el("h1", { dir: "auto", tabindex: "-1" }, settings.welcome_heading)
  const node = el(
    "section",
    { class: "pb-home" },
    el("header", { class: "pb-hero" }, brand, heading, el("p", { dir: "auto" }, settings.welcome_tagline)),
    el("div", { class: "pb-cards" }, list, start),
  )

  return {
    node,
    focus: () => heading.focus(),
    /** conversations: [{id, status, last_message, unread: bool}], newest first. present: of availability.js. */
    render(conversations, present) {
      showPresence(there, present.state, present.text)
      list.hidden = !conversations.length
      const { id } = list.contains(document.activeElement) ? document.activeElement.dataset : {}
      list.replaceChildren(...conversations.map(row))
      if (id) list.querySelector(`[data-id="${id}"]`)?.focus() // where it was
    },
  }
}
