// The frame's side of the talk with the host page (panel.js says what is spoken). The loader names the page's origin
// in our address; who may frame us at all is decided by the server's frame-ancestors.

/** The host page, without what stands behind `?` and `#` in its address. */
export const page = location.hash.slice(1)
const { origin } = new URL(page)

const tell = (message) => parent.postMessage(message, origin)

export let isOpen = false // the panel is on the page
/** A visitor may have it before their eyes. */
export const isLooking = () => isOpen && !document.hidden

let told = 0
export function unread(count) {
  if (count !== told) tell({ pingback: "unread", count })
  told = count
}

export const close = () => tell({ pingback: "close" })
/** Remember a text in the host page's storage; null forgets it. */
export const keep = (name, value) => tell({ pingback: "keep", name, value })

/** A message that the page may hear of: the visitor's own, and each one that comes. */
export const message = ({ id, conversation_id, sender_type, sender_name, content, created_at }) =>
  tell({ pingback: "message", message: { id, conversation_id, sender_type, sender_name, content, created_at } })

/**
 * hear: what is done with what the page says, each with the message: `kept` {kept: {name: text}}: what earlier pages left,
 * and later what another tab adds, or (null) takes away; `open` {open}: the panel is shown, or not; `update` {changes} of the settings;
 * `identify` {customer: {name?, email?, external_id?, identity_token?, identity_hash?}}: who the page says the visitor
 * is; `send` {content}: words that the page sends for the visitor; "": some are to be written.
 */
export function listen(hear) {
  addEventListener("message", ({ source, origin: from, data }) => {
    if (source !== parent || from !== origin || !Object.hasOwn(hear, data?.pingback)) return
    if (data.pingback === "open") isOpen = data.open
    hear[data.pingback](data)
  })
  tell({ pingback: "ready" })
}
