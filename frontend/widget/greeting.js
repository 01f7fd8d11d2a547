// A bubble beside the launcher, on the pages that it is for and after a while. Loaded for a widget that greets.

import style from "./greeting.css"
import { X } from "./icons.js"

/** view: of loader.js. texts, kept, keep: of panel.js. open(): what it invites to. */
export function greeting({ config, view, texts, kept, keep, open }) {
  const { aside, launcher, state, el, icon } = view
  const root = aside.getRootNode()
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(style)
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]
  const bubble = el("div", { class: "hi", role: "status" })
  aside.prepend(bubble)
  let clock
  let seconds

  const look = () => {
    const { delay, page, text } = config.greeting
    const path = location.pathname
    const isHere = page.endsWith("*") ? path.startsWith(page.slice(0, -1)) : !page || page === path
    seconds = isHere && !document.hidden ? seconds + 1 : 0
    if (seconds <= delay || state.hidden) return
    end()
    const { greeted, key } = kept()
    if (greeted || key) return
    const words = text ? [text] : [el("b", {}, config.welcome_heading), config.welcome_tagline]
    bubble.append(
      // Words in a direction of their own do not move the room that is left for the cross.
      el("button", { class: "say", onclick: open }, el("bdi", {}, ...words)),
      el("button", { class: "x", "aria-label": texts().dismiss, onclick: dismiss }, icon(X)),
    )
  }
  const begin = () => {
    end()
    seconds = 0
    clock = setInterval(look, 1000)
  }
  const end = () => {
    clearInterval(clock)
    bubble.replaceChildren()
  }
  const dismiss = () => {
    keep("greeted", "1")
    end()
    launcher.focus()
  }
  return { begin, end }
}
