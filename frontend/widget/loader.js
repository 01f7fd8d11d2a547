// The loader: the one script on the host page. It reads the widget's public settings, draws the launcher and takes the
// page's commands (api.js). Everything else is panel.js, which comes with the first click or command, or, once the page
// has loaded, for a visitor who has written before or is to be greeted. Until then nothing is stored and nobody else
// is asked.
//
// It is a guest: one element under <html> (so that a swapped <body> does not take the chat along), a shadow root,
// styles that a strict Content-Security-Policy lets through, one global, no uncaught error.

import { api, told } from "./api.js"
import { textOn } from "./colour.js"
import { el } from "./dom.js"
import { icon, LAUNCHER } from "./icons.js"
import style from "./loader.css"
import { launcherTexts } from "./texts.js"

const REPAIRS = 9 // how often the element is put back where the page threw it out

/**
 * The host element's shadow and the launcher in it. `state` is what panel.js changes before it draws anew. busy: true
 * while what was pressed for is on its way, false once that has failed.
 */
function draw(host, config, onclick) {
  const state = { hidden: config.launcher === "none" }
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(style)
  const root = host.attachShadow({ mode: "open" })
  root.adoptedStyleSheets = [sheet]
  const launcher = el("button", { class: "launch", onclick })
  const aside = el("aside", {}, launcher)

  const view = {
    state,
    launcher,
    aside,
    // For panel.js and greeting.js, which bring none of their own: a later one still counts on these, as this file may be
    // an older one out of a browser's cache.
    el,
    icon,
    change(what) {
      Object.assign(state, what)
      view.draw()
    },
    draw() {
      const { open, ready, hidden, busy } = state
      const texts = config.texts ?? launcherTexts
      const words = busy === false ? texts.failed : !open && config.launcher === "text" && config.launcher_text
      aside.lang = config.language ?? "en"
      aside.dir = config.direction
      aside.className = `${config.position}${open ? " open" : ""}${ready ? " ready" : ""}`
      aside.setAttribute("aria-label", texts.region)
      launcher.setAttribute("aria-label", words || texts.open)
      launcher.ariaBusy = busy
      launcher.hidden = hidden
      launcher.replaceChildren(icon(LAUNCHER[config.launcher_icon]), words || "")
      const set = (name, value) => host.style.setProperty(`--pb-${name}`, value)
      set("brand", config.primary_color)
      set("on", textOn(config.primary_color))
      // What is far on a desk is less so on a phone. The page says how high a bar at its foot is; a phone, its own edge.
      set("x", `min(${config.offset_x}px, 25vw)`)
      set("y", `calc(min(${config.offset_y}px, 25vh) + var(--pingback-bottom, env(safe-area-inset-bottom, 0px)))`)
    },
  }
  view.draw()
  root.append(aside)
  return view
}

/** The element is one of the page's, and some pages are made anew altogether. */
function stay(host) {
  let repairs = REPAIRS
  const watch = new MutationObserver(() => {
    if (host.isConnected || !document.documentElement || !repairs--) return
    document.documentElement.append(host)
    watch.observe(document.documentElement, { childList: true })
  })
  watch.observe(document, { childList: true })
  watch.observe(document.documentElement, { childList: true })
}

async function start() {
  const script = document.currentScript ?? document.querySelector('script[src*="/widget.js"]')
  const { dataset, src } = script
  const { origin } = new URL(src)
  const id = dataset.widgetId ?? window.PingBackWidgetId
  const page = api()
  if (!page) return // twice on a page by mistake is still one widget
  /** The widget's settings, in the page's language or another one. */
  const ask = async (locale) => {
    if (!id) throw new Error("no data-widget-id")
    const how = new URLSearchParams({ locale, lang: document.documentElement.lang })
    const answer = await fetch(`${origin}/api/v1/widget/${id}?${how}`, { credentials: "omit" })
    if (answer.status > 499) throw new TypeError(answer.status) // as when there is no network
    if (!answer.ok) throw new Error(`no widget ${id} at ${origin}`)
    return answer.json()
  }
  /** Until there is an answer. */
  const insist = () =>
    ask(dataset.locale ?? "").catch(async (error) => {
      if (!(error instanceof TypeError)) throw error
      await new Promise((again) => setTimeout(again, 1e4 * (1 + Math.random()))) // not all pages in step
      return insist()
    })
  const config = dataset.preview ? JSON.parse(dataset.preview) : await insist()
  if (config.is_at_home === false) {
    // Its frame would stay empty: who wrote the page is told, who reads it sees nothing.
    throw new Error(`${location.origin} is not ${config.domain}, see Settings -> Widget -> Install`)
  }
  Object.assign(config, config.options)
  const host = document.createElement("pb-widget")
  document.documentElement.append(host)
  stay(host)
  if (dataset.locale) config.locale = dataset.locale
  // Until panel.js is there, which toggles: the press after one that failed must not close what both have opened.
  const view = draw(host, config, () => {
    view.change({ busy: true })
    page.run(["open"])
  })

  let tries = 0
  let loading = false
  const load = async () => {
    if (loading) return
    loading = true
    try {
      // A failed try is remembered by its address.
      // biome-ignore lint/correctness/noUndeclaredVariables: build.mjs puts it in
      const { panel } = await import(`${origin}/widget/panel.js?${PANEL}${tries++ || ""}`)
      page.open(panel({ origin, host, config, ask, view, told, isPreview: Boolean(dataset.preview) }))
    } catch (error) {
      loading = false // the next click tries again, and so do we
      view.change({ busy: view.state.busy && false })
      addEventListener("online", load)
      console.warn("PingBack:", error.message)
    }
  }
  page.ready(load, (hidden) => view.change({ hidden }))
  let known
  try {
    known = localStorage[`pingback:${config.id}:key`]
  } catch {
    // Storage is denied: nobody is known.
  }
  if (known || config.greeting.enabled) {
    if (document.readyState === "complete") load()
    else addEventListener("load", load)
  }
}

start().catch((error) => console.warn("PingBack:", error.message))
