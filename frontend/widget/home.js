// The first view: a greeting, the visitor's conversations, and the way to a new one.

import { button, el, place } from "./dom.js"
import * as host from "./host.js"
import { BELL, icon, SEND, STRUCK, tool, X } from "./icons.js"
import { avatar, showPresence, when } from "./people.js"
import { settings, texts } from "./settings.js"

const NEAR_END = 240 // pixels: closer than this to the list's end, more of it is asked for

export function homeView({ onOpen, onNew, onMute, onEnd }) {
  const list = el("ul", { "aria-label": texts.your })
  const there = el("small", { class: "pb-there" })
  const start = button(
    { class: "pb-row pb-card", onclick: onNew },
    el("span", { class: "pb-words" }, el("b", {}, texts.sendMessage), there),
    icon(SEND),
  )
  const notice = el("p", { class: "pb-notice pb-card", role: "status" })
  const brand = el("div", { class: "pb-brand" })
  const logo = el("img", { alt: "", referrerpolicy: "no-referrer" })
  logo.onerror = () => logo.remove()
  const name = el("span", { dir: "auto" })
  const bell = tool(texts.mute, "", { onclick: onMute })
  brand.append(name, bell, tool(texts.close, X, { onclick: host.close }))

  const rows = new Map()
  const make = ({ id }) => el("li", {}, button({ class: "pb-row pb-card", onclick: () => onOpen(id) }))
  const fill = (row, { last_message: last, unread }) => {
    const agent = last?.sender_type === "agent" && last.sender_name
    const name = agent || settings.name
    const words = el("span", { class: "pb-words" }, el("b", { dir: "auto" }, name))
    const said =
      last &&
      (last.deleted_at ? texts.deleted : last.content || last.attachments.map((file) => file.filename).join(", "))
    const line = agent ? [said] : [`${texts.you}: `, el("bdi", {}, said)]
    if (last) words.append(el("small", { dir: "auto" }, ...line))
    const meta = el(
      "small",
      {},
      unread ? el("span", { class: "pb-new" }, texts.unread) : last ? when(last.created_at, texts) : "",
    )
    row.firstChild.replaceChildren(avatar(name, agent && last.sender_avatar_url, agent && last.ai), words, meta)
  }

  const heading = el("h1", { dir: "auto", tabindex: "-1" })
  const tagline = el("p", { dir: "auto" })
  const node = el(
    "section",
    {
      class: "pb-home",
      onscroll: () => node.scrollHeight - node.scrollTop - node.clientHeight < NEAR_END && onEnd(),
    },
    el("header", { class: "pb-hero" }, brand, heading, tagline),
    el("div", { class: "pb-cards" }, list, start, notice),
  )

  return {
    node,
    focus: () => heading.focus(),
    /** As the settings are now: a page may change them. */
    paint() {
      name.textContent = settings.name
      heading.textContent = settings.welcome_heading
      tagline.textContent = settings.welcome_tagline
      logo.remove()
      if (!settings.logo_url) return
      logo.src = settings.logo_url
      brand.prepend(logo)
    },
    /** Whether a tone is heard; undefined where the owner wants none. */
    hear(isMuted) {
      bell.hidden = isMuted === undefined
      bell.setAttribute("aria-pressed", isMuted)
      bell.replaceChildren(icon(isMuted ? BELL + STRUCK : BELL))
    },
    /** why: nobody starts a conversation here, for this reason; "" when they may. */
    shut(why) {
      start.hidden = Boolean(why)
      notice.hidden = !why
      if (notice.textContent !== why) notice.textContent = why
    },
    /** conversations: [{key, id, status, last_message, unread: bool}], newest first. present: of availability.js. */
    render(conversations, present) {
      showPresence(there, present.state, present.text)
      list.hidden = !conversations.length
      place(list, rows, conversations, make, fill)
    },
  }
}
