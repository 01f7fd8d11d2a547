// The second part of the loader (loader.js), when somebody is there to use it: the chat's frame, what is kept for it,
// and the page's commands.
//
// With the frame it speaks over postMessage. From the frame: {pingback: "ready" | "close"}, {pingback: "unread",
// count}, {pingback: "message", message}, {pingback: "keep", name, value: text, or null to forget}. To the frame:
// {pingback: "open", open}, {pingback: "kept", kept: {name: text}}: a cross-site frame has no storage of its own,
// {pingback: "identify", customer}, {pingback: "send", content}, {pingback: "update", changes}.

import { darkRules } from "./colour.js"
import { el } from "./dom.js"
import { icon, X } from "./icons.js"
import { lay } from "./options.js"
import style from "./panel.css"
import { fill, plural } from "./speak.js"
import { panelTexts } from "./texts.js"
import { fitting } from "./update.js"
import { waitingRoom } from "./waiting.js"

/**
 * config: what GET /api/v1/widget/{id} answers, with its `options` laid over it; `ask(locale)` asks once more. Returns
 * the page's commands.
 */
export function panel({ origin, host, config, ask, view, told, isPreview }) {
  const { state, launcher, aside } = view
  const root = host.shadowRoot
  Object.assign(state, { open: false, ready: false, busy: undefined, unread: 0 })
  const prefix = `pingback:${config.id}:`
  const changes = {} // what the page changed, for a frame that comes later
  const sends = []
  let frame
  let isComing = false
  let titled = ""
  let customer
  let opener

  // What is kept ---------------------------------------------------------------------------------------------

  const nothing = {}
  const FILES = "files" // their names, which mean something to this tab alone
  const store = (name) => (isPreview ? nothing : name === FILES ? sessionStorage : localStorage)

  const kept = () => {
    try {
      const places = [store(), store(FILES)].flatMap(Object.entries)
      const ours = places.filter(([name]) => name.startsWith(prefix))
      return Object.fromEntries(ours.map(([name, value]) => [name.slice(prefix.length), value]))
    } catch {
      return {} // storage is denied: the conversation lasts as long as the page
    }
  }

  const keep = (name, value) => {
    try {
      if (value === null) delete store(name)[prefix + name]
      else store(name)[prefix + name] = value
    } catch {
      // Denied or full: as above.
    }
  }

  // What is drawn --------------------------------------------------------------------------------------------

  const sheet = new CSSStyleSheet()
  sheet.replaceSync(style)
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]
  const dark = darkRules(sheet)
  // A browser closes it by Escape outside of the frame, and by a phone's way back.
  const dialog = el("dialog", { onclose: () => covers() && !dialog.open && show(false) })
  const texts = () => config.texts ?? panelTexts
  const isSeen = () => state.open && !document.hidden
  const room = waitingRoom(texts, isSeen, () => {
    isComing = false
    mount()
  })
  dialog.append(room.node)
  aside.prepend(dialog)
  aside.toggleAttribute("data-preview", isPreview)

  const badge = el("span", { "aria-hidden": "true" })

  const draw = () => {
    view.draw()
    const { open, unread } = state
    const label = launcher.getAttribute("aria-label")
    if (open) {
      launcher.setAttribute("aria-label", texts().close)
      launcher.replaceChildren(icon(X))
    } else if (unread) {
      launcher.setAttribute("aria-label", fill(plural(texts().unread, unread, aside.lang), { label, count: unread }))
    }
    badge.textContent = open ? "" : unread > 99 ? "99+" : unread || ""
    launcher.append(badge)
    dark.choose(config.theme)
    launcher.setAttribute("aria-busy", state.open && !state.ready)
    host.style.setProperty("--pb-lift", state.hidden ? "0px" : "68px")
    dialog.setAttribute("aria-label", fill(texts().title, config))
    if (!covers()) dialog.close()
    else if (!dialog.open && dialog.isConnected) dialog.showModal()
    entitle()
  }

  // Where the panel is the screen (panel.css) the page behind it is out of reach, for a screen reader, too: a modal dialog
  // does that without a touch of the page.
  const small = matchMedia("(max-width: 639px), (max-height: 479px)")
  const covers = () => state.open && state.ready && small.matches && !isPreview
  small.addEventListener("change", () => {
    draw()
    if (state.open && !isPreview) enter()
  })

  const entitle = () => {
    const title = document.title.startsWith(titled) ? document.title.slice(titled.length) : document.title
    titled = state.unread ? `(${state.unread}) ` : ""
    if (document.title !== titled + title) document.title = titled + title
  }

  // The frame ------------------------------------------------------------------------------------------------

  const tell = (message) => state.ready && frame.contentWindow.postMessage(message, origin)

  const mount = () => {
    // Made anew where it did not come, so that a second click mends a failed first one.
    if (state.ready || isComing) return
    isComing = true
    frame?.remove()
    room.begin()
    const how = new URLSearchParams({ locale: config.locale, lang: document.documentElement.lang })
    frame = el("iframe", {
      title: fill(texts().title, config),
      allow: "autoplay",
      onload: () => {
        isComing = false // or an error of the browser's stands there
        if (!state.ready) room.loaded()
      },
      src: `${origin}/widget/${config.id}/frame?${how}#${location.origin}${location.pathname}`,
    })
    dialog.prepend(frame)
  }

  const unmount = () => {
    frame?.remove()
    frame = null
    state.ready = isComing = false
    room.end()
    setUnread(0)
    if (state.open || kept().key) mount()
  }

  const setUnread = (count) => {
    const changed = count !== state.unread
    state.unread = count
    draw()
    if (changed) told("unread", count)
  }

  const show = (next) => {
    const changed = next !== state.open
    if (changed && next) opener = document.activeElement
    state.open = next
    if (next) {
      greeting?.end()
      mount()
    }
    draw()
    if (isPreview)
      opener = null // whoever fills in the form beside it goes on with that
    else if (next) enter()
    else if (changed) (state.hidden ? opener : launcher)?.focus()
    tell({ pingback: "open", open: next })
    if (changed) told(next ? "open" : "close")
  }

  /** Not before it is there: out of what has failed, no key leads back. */
  const enter = () => state.ready && frame.focus()

  const introduce = () => {
    if (!customer) return
    if (customer.external_id) keep("who", String(customer.external_id))
    tell({ pingback: "identify", customer })
  }

  const sendAll = () => {
    for (const content of state.ready ? sends.splice(0) : []) tell({ pingback: "send", content })
  }

  const said = {
    ready() {
      const isNew = !state.ready
      state.ready = true // also again, after the page moved the frame and so reloaded it
      room.end()
      dialog.close() // where it was moved it is modal no more
      draw()
      // Whoever waited for it goes in; who went on with the page stays there.
      const { activeElement: at } = document
      if (isNew && state.open && !isPreview && (at === host || at === opener)) enter()
      tell({ pingback: "update", changes })
      introduce() // before it begins, so that nothing is sent in nobody's name
      tell({ pingback: "kept", kept: kept() })
      tell({ pingback: "open", open: state.open })
      sendAll()
    },
    close: () => show(false),
    unread: ({ count }) => setUnread(Number(count)),
    message: ({ message }) => told("message", message),
    keep: ({ name, value }) => keep(String(name), value === null ? null : String(value)),
  }
  addEventListener("message", ({ source, origin: from, data }) => {
    if (frame && source === frame.contentWindow && from === origin && Object.hasOwn(said, data?.pingback)) {
      said[data.pingback](data)
    }
  })
  // Another tab of the same shop has become this visitor, or signed out, or all that was stored is gone.
  addEventListener("storage", ({ key, newValue }) => {
    if (key !== null && key !== `${prefix}key`) return
    customer = null // who is here now is what the other tab says
    if (newValue) tell({ pingback: "kept", kept: kept() })
    else unmount()
  })

  const reset = () => {
    customer = null
    for (const name of Object.keys(kept())) keep(name, null)
    unmount()
  }

  // The greeting ---------------------------------------------------------------------------------------------

  let greeting
  const greet = async () => {
    greeting?.end()
    if (!config.greeting.enabled) return
    try {
      // biome-ignore lint/correctness/noUndeclaredVariables: build.mjs puts it in
      const part = await import(`${origin}/widget/greeting.js?${GREETING}`)
      greeting ??= part.greeting({ config, view, texts, kept, keep, open: () => show(true) })
      if (config.greeting.enabled && !state.open) greeting.begin()
    } catch (error) {
      console.warn("PingBack:", error.message)
    }
  }

  // The page -------------------------------------------------------------------------------------------------

  launcher.onclick = () => show(!state.open)
  aside.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && state.open) show(false)
  })
  const fit = () => {
    if (visualViewport.scale !== 1) return
    host.style.setProperty("--pb-top", `${visualViewport.offsetTop}px`)
    host.style.setProperty("--pb-height", `${visualViewport.height}px`)
  }
  visualViewport.addEventListener("resize", fit)
  visualViewport.addEventListener("scroll", fit)
  // A page that changes by itself brings a title of its own.
  new MutationObserver(entitle).observe(document.head, { childList: true, characterData: true, subtree: true })
  draw()
  greet()
  if (kept().key) mount()

  const speak = async (locale) => {
    config.locale = locale
    unmount()
    if (isPreview) return
    try {
      const { language, direction, texts } = await ask(locale)
      if (locale !== config.locale) return // another one since
      Object.assign(config, { language, direction, texts })
      draw()
    } catch (error) {
      console.warn("PingBack:", error.message)
    }
  }

  const veil = (hidden) => {
    state.hidden = hidden
    if (hidden) {
      greeting?.end()
      if (state.open) show(false)
    }
    draw()
  }

  return {
    open: () => show(true),
    close: () => show(false),
    toggle: () => show(!state.open),
    show: () => veil(false),
    hide: () => veil(true),
    identify(fields) {
      if (!fields || typeof fields !== "object") throw new TypeError("identify: an object, please")
      const who = customer?.external_id ?? kept().who
      // Somebody else than before: what the one wrote is not the other's to read.
      if (who && fields.external_id && String(who) !== String(fields.external_id)) reset()
      customer = { ...customer, ...fields }
      if (state.ready) introduce()
    },
    reset,
    send(content) {
      if (typeof content !== "string" || !content.trim()) throw new TypeError("send: words, please")
      sends.push(content)
      show(true)
      sendAll()
    },
    setLocale: speak,
    update(asked) {
      const fields = fitting(asked)
      const { locale = config.locale } = fields
      if (locale !== config.locale) speak(locale)
      lay(fields, changes)
      lay(fields, config)
      if ("greeting" in fields && !state.open) greet()
      if ("launcher" in fields) state.hidden = config.launcher === "none"
      draw()
      tell({ pingback: "update", changes: fields })
    },
  }
}
