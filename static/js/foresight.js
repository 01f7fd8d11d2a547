// What one does with the open conversation shows at once: it nearly always goes well. What the server says is drawn over
// it right behind; where it says no, or nothing, what was there before comes back.

import { morph } from "./fragment.js"

const PARTS = ["thread-head", "tags"]
let underway = 0

/** Of these parts, those that nobody waits for an answer about: what was fetched before would take the others back. */
export const unforeseen = (ids) => (underway ? ids.filter((id) => !PARTS.includes(id)) : ids)

/** Show what a button of its forms does. fields: what is sent. Returns what to call once it is answered. */
export function foresee(button, fields) {
  underway += 1
  const parts = PARTS.map((id) => document.getElementById(id)).filter(Boolean)
  const before = parts.map((part) => part.cloneNode(true))
  const [what, rest] = [button.value.split(":", 1)[0], button.value.slice(button.value.indexOf(":") + 1)]
  SHOWN[button.name === "do" ? what : button.name]?.({ head: parts[0], button, rest, fields })
  return ({ isRefused }) => {
    underway -= 1
    if (!isRefused) return
    for (const [at, part] of parts.entries()) morph(part, before[at])
  }
}

/** Whether the conversation is in the list no more thereby. */
export function leaves(button, list) {
  const { name, value } = button
  if (name === "status") return list.isOf(document.getElementById("thread-head").dataset.status)
  if (name === "do") return value.startsWith("snooze") && list.isOf("open")
  const me = `person:${document.body.dataset.user}`
  if (name !== "to") return false
  return list.name === "mine" ? ![me, "me"].includes(value) : list.name === "unassigned" && value !== "nobody"
}

const SHOWN = {
  status: ({ head, rest }) => stands(head, rest),
  snooze: ({ head }) => stands(head, "pending"),
  to: assigned,
  priority: ranked,
  tag: ({ fields }) => document.querySelector("#tags .tag-list").append(tag(fields.get("value"))),
  untag: ({ button }) => button.closest(".tag").remove(),
  block: ({ head }) => head.querySelector(".thread-badges").append(badge("[data-blocked]")),
  unblock: ({ head }) => head.querySelector("[data-blocked]")?.remove(),
}

function stands(head, status) {
  head.dataset.status = status
  head.querySelector("[data-standing]")?.remove()
  head.querySelector(".thread-badges").prepend(badge(`[data-standing=${status}]`))
}

/** As the server draws it; nothing for what has none. */
function badge(which) {
  const kept = document.querySelector("[data-badges]").content.querySelector(which)
  return kept ? document.importNode(kept, true) : ""
}

function assigned({ head, button }) {
  const shown = head.querySelector("#thread-assign summary")
  if (!shown) return // whoever takes it has no more to choose from
  shown.querySelector(".avatar, .icon").replaceWith(button.querySelector(".avatar, .icon").cloneNode(true))
  shown.querySelector(".wide-text").textContent = button.querySelector(".cut")?.firstChild.data ?? button.textContent
  choose(button)
}

function ranked({ head, button, rest }) {
  head.querySelector("[data-priority]")?.remove()
  choose(button)
  if (!rest) return
  const shown = tag(button.textContent)
  shown.dataset.priority = ""
  head.querySelector(".thread-about > p").append(" ", shown)
}

function tag(name) {
  const shown = document.createElement("span")
  shown.className = "tag"
  shown.textContent = name
  return shown
}

/** Of the entries beside it, it is the one. */
function choose(button) {
  for (const each of button.form.querySelectorAll(`[name="${button.name}"][aria-current]`))
    each.removeAttribute("aria-current")
  button.setAttribute("aria-current", "true")
}
