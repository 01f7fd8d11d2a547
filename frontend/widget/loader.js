// The loader: the one script on the host page. It reads the widget's public settings and draws the launcher; the frame
// comes with the first click, and until then nothing is stored and nobody else is asked.
//
// It is a guest: one element under <html> (so that a swapped <body> does not take the chat along), a shadow root,
// styles that a strict Content-Security-Policy lets through, no global, no uncaught error.
//
// With the frame it speaks over postMessage. From the frame: {pingback: "ready" | "close"}, {pingback: "unread",
// count}, {pingback: "keep", name, value: text, or null to forget}. To the frame: {pingback: "open", open} and
// {pingback: "kept", kept: {name: text}}: a cross-site frame has no storage of its own.

import { textOn } from "./colour.js"
import { el } from "./dom.js"
import { icon, MESSAGE, X } from "./icons.js"
import style from "./loader.css"
import { launcherTexts } from "./texts.js"

const TAG = "pb-widget"

function launch({ origin, host, config }) {
  const { id } = config
  const texts = launcherTexts()
  const prefix = `pingback:${id}:`
  let frame
  let ready = false
  let open = false
  let unread = 0

  const badge = el("span", { "aria-hidden": "true" })
  const launcher = el("button", { type: "button", onclick: () => show(!open) })
  const aside = el("aside", { "aria-label": texts.region }, launcher)

  const draw = () => {
    launcher.setAttribute("aria-label", open ? texts.close : unread ? texts.unread(unread) : texts.open)
    badge.textContent = open ? "" : unread > 99 ? "99+" : unread || ""
    launcher.replaceChildren(icon(open ? X : MESSAGE), badge)
  }

  const tell = (message) => ready && frame.contentWindow.postMessage(message, origin)

  const show = (next) => {
    open = next
    aside.classList.toggle("open", open)
    draw()
    if (open) {
      if (!ready) {
        // Made anew until it came, so that a second click mends a failed first one.
        frame?.remove()
        frame = el("iframe", {
          title: texts.title(config.name),
          src: `${origin}/widget/${id}/frame#${location.origin}`,
        })
        aside.append(frame)
      }
      frame.focus()
    } else launcher.focus()
    tell({ pingback: "open", open })
  }

  const kept = () => {
    try {
      const names = Object.keys(localStorage).filter((name) => name.startsWith(prefix))
      return Object.fromEntries(names.map((name) => [name.slice(prefix.length), localStorage.getItem(name)]))
    } catch {
      return {} // storage is denied: the conversation lasts as long as the page
    }
  }

  const keep = (name, value) => {
    try {
      if (value === null) localStorage.removeItem(prefix + name)
      else localStorage.setItem(prefix + name, value)
    } catch {
      // Denied or full: as above.
    }
  }

  const said = {
    ready() {
      ready = true
      aside.classList.add("ready")
      tell({ pingback: "kept", kept: kept() })
      tell({ pingback: "open", open })
    },
    close: () => show(false),
    unread({ count }) {
      unread = Number(count)
      draw()
    },
    keep: ({ name, value }) => keep(String(name), value === null ? null : String(value)),
  }
  addEventListener("message", ({ source, origin: from, data }) => {
    if (frame && source === frame.contentWindow && from === origin && Object.hasOwn(said, data?.pingback)) {
      said[data.pingback](data)
    }
  })
  // Another tab of the same shop has become this visitor.
  addEventListener("storage", ({ key, newValue }) => {
    if (key === `${prefix}key` && newValue) tell({ pingback: "kept", kept: { key: newValue } })
  })

  aside.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && open) show(false)
  })
  const fit = () => {
    if (visualViewport.scale !== 1) return
    host.style.setProperty("--pb-top", `${visualViewport.offsetTop}px`)
    host.style.setProperty("--pb-height", `${visualViewport.height}px`)
  }
  visualViewport.addEventListener("resize", fit)
  visualViewport.addEventListener("scroll", fit)

  host.style.setProperty("--pb-brand", config.primary_color)
  host.style.setProperty("--pb-on", textOn(config.primary_color))
  draw()
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(style)
  const root = host.attachShadow({ mode: "open" })
  root.adoptedStyleSheets = [sheet]
  root.append(aside)
}

async function start() {
  // Twice on a page by mistake is still one widget.
  if (document.querySelector(TAG)) return
  const script = document.currentScript ?? document.querySelector('script[src$="/widget.js"]')
  const id = script.dataset.widgetId ?? window.PingBackWidgetId
  const { origin } = new URL(script.src)
  const host = document.createElement(TAG)
  document.documentElement.append(host)
  const answer = await fetch(`${origin}/api/v1/widget/${encodeURIComponent(id)}`, { credentials: "omit" })
  if (!answer.ok) throw new Error(`no widget ${id} at ${origin}`)
  launch({ origin, host, config: await answer.json() })
}

start().catch((error) => console.warn("PingBack:", error.message))
