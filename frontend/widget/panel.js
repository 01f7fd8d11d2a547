// The second part of the loader (loader.js), when somebody is there to use it: the chat's frame, what is kept for it
// (keeping.js), and the page's commands.
//
// With the frame it speaks over postMessage. From the frame: {pingback: "ready" | "close"}, {pingback: "unread",
// count}, {pingback: "message", message}, {pingback: "keep", name, value: text, or null to forget}. To the frame:
// {pingback: "open", open}, {pingback: "kept", kept: {name: text}}: a cross-site frame has no storage of its own,
// {pingback: "identify", customer}, {pingback: "send", content}, {pingback: "update", changes}.

import { darkRules } from "./colour.js"
import { X } from "./icons.js"
import { keep, keepFor, kept, onOtherTab } from "./keeping.js"
import { lay } from "./options.js"
import style from "./panel.css"
import { fill, plural } from "./speak.js"
import { panelTexts } from "./texts.js"
import { fitting } from "./update.js"
import { waitingRoom } from "./waiting.js"

// As the loader gives them; see `panel`.
let origin
let host
let config
let ask
let view
let told
let isPreview

let state // of the view
let frame
let isComing = false // the frame is
const changes = {} // what the page changed, for a frame that comes later
const sends = [] // words of the page's, for the same
let customer // who the page says that the visitor is
let opener // what had the focus when it was opened
let byLauncher // it was, or by the greeting
let greeting
let titled = "" // what stands before the page's own title
let dialog // with the frame in it
let badge // on the launcher
let room // in the frame's place

const texts = () => config.texts ?? panelTexts
const isSeen = () => state.open && !document.hidden

// What is drawn ------------------------------------------------------------------------------------------------

const sheet = new CSSStyleSheet()
sheet.replaceSync(style)
const dark = darkRules(sheet)

function draw() {
  view.draw()
  const { launcher, aside } = view
  const { open, unread } = state
  const label = launcher.getAttribute("aria-label")
  if (open) {
    launcher.setAttribute("aria-label", texts().close)
    launcher.replaceChildren(view.icon(X))
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

function entitle() {
  const title = document.title.startsWith(titled) ? document.title.slice(titled.length) : document.title
  titled = state.unread ? `(${state.unread}) ` : ""
  if (document.title !== titled + title) document.title = titled + title
}

/** As high as the part of the screen that a keyboard leaves. */
function fit() {
  if (visualViewport.scale !== 1) return
  host.style.setProperty("--pb-top", `${visualViewport.offsetTop}px`)
  host.style.setProperty("--pb-height", `${visualViewport.height}px`)
}

// The frame ----------------------------------------------------------------------------------------------------

const tell = (message) => state.ready && frame.contentWindow.postMessage(message, origin)

function mount() {
  // Made anew where it did not come, so that a second click mends a failed first one.
  if (state.ready || isComing) return
  isComing = true
  frame?.remove()
  room.begin()
  const how = new URLSearchParams({ locale: config.locale, lang: document.documentElement.lang })
  frame = view.el("iframe", {
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

function unmount() {
  frame?.remove()
  frame = null
  state.ready = isComing = false
  room.end()
  setUnread(0)
  if (state.open || kept().key) mount()
}

function setUnread(count) {
  const changed = count !== state.unread
  state.unread = count
  draw()
  if (changed) told("unread", count)
}

function introduce() {
  if (!customer) return
  if (customer.external_id) keep("who", String(customer.external_id))
  tell({ pingback: "identify", customer })
}

/** Opens it with words of the page's on their way, or, with none, where the visitor may write some. */
function say(content, isOurs) {
  sends.push(content)
  show(true, isOurs)
  sendAll()
}

function sendAll() {
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
  unread: ({ count }) => setUnread(count),
  message: ({ message }) => told("message", message),
  keep: ({ name, value }) => keep(name, value),
}

function hear({ source, origin: from, data }) {
  if (frame && source === frame.contentWindow && from === origin && Object.hasOwn(said, data?.pingback)) {
    said[data.pingback](data)
  }
}

// What is done with it -----------------------------------------------------------------------------------------

function show(next, isOurs) {
  const changed = next !== state.open
  if (changed && next) {
    opener = document.activeElement
    byLauncher = isOurs
  }
  state.open = next
  if (next) {
    greeting?.end()
    mount()
  }
  draw()
  if (isPreview)
    opener = null // whoever fills in the form beside it goes on with that
  else if (next) enter()
  else if (changed) (byLauncher || !opener?.matches("body *") ? view.launcher : opener).focus() // it may be gone
  tell({ pingback: "open", open: next })
  if (changed) told(next ? "open" : "close")
}

/** Not before it is there: out of what has failed, no key leads back. */
const enter = () => state.ready && frame.focus()

function reset() {
  customer = null
  for (const name of Object.keys(kept())) keep(name, null)
  unmount()
}

async function greet() {
  greeting?.end()
  if (!config.greeting.enabled) return
  try {
    // biome-ignore lint/correctness/noUndeclaredVariables: build.mjs puts it in
    const part = await import(`${origin}/widget/greeting.js?${GREETING}`)
    greeting ??= part.greeting({ config, view, texts, kept, keep, open: () => say("", true) })
    if (config.greeting.enabled && !state.open) greeting.begin()
  } catch (error) {
    console.warn("PingBack:", error.message)
  }
}

async function speak(locale) {
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

function veil(hidden) {
  state.hidden = hidden
  if (hidden) {
    greeting?.end()
    if (state.open) show(false)
  }
  draw()
}

const commands = {
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
    say(content)
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

/**
 * config: what GET /api/v1/widget/{id} answers, with its `options` laid over it; `ask(locale)` asks once more. Returns
 * the page's commands.
 */
export function panel(given) {
  ;({ origin, host, config, ask, view, told, isPreview } = given)
  const { launcher, aside, el } = view
  state = Object.assign(view.state, { open: false, ready: false, busy: undefined, unread: 0 })
  keepFor(config.id, isPreview)
  const root = host.shadowRoot
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]
  // A browser closes it by Escape outside of the frame, and by a phone's way back.
  dialog = el("dialog", { onclose: () => covers() && !dialog.open && show(false) })
  badge = el("span", { "aria-hidden": "true" })
  room = waitingRoom(el, texts, isSeen, () => {
    isComing = false
    mount()
  })
  dialog.append(room.node)
  aside.prepend(dialog)
  aside.toggleAttribute("data-preview", isPreview)

  launcher.onclick = () => show(!state.open, true)
  aside.addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && state.open) show(false)
  })
  small.addEventListener("change", () => {
    draw()
    if (state.open && !isPreview) enter()
  })
  visualViewport.addEventListener("resize", fit)
  visualViewport.addEventListener("scroll", fit)
  // A page that changes by itself brings a title of its own.
  new MutationObserver(entitle).observe(document.head, { childList: true, characterData: true, subtree: true })
  addEventListener("message", hear)
  onOtherTab(
    (key) => {
      customer = null // who is here now is what the other tab says
      if (key) tell({ pingback: "kept", kept: kept() })
      else unmount()
    },
    (kept) => tell({ pingback: "kept", kept }),
  )

  draw()
  greet()
  if (kept().key) mount()
  return commands
}
