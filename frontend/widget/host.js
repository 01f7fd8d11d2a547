// The frame's side of the talk with the host page (loader.js says what is spoken). The loader names the page's origin
// in our address; who may frame us at all is decided by the server's frame-ancestors.

const origin = decodeURIComponent(location.hash.slice(1))

const tell = (message) => parent.postMessage(message, origin)

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
 * onKept({name: text}): what earlier pages left, and later what another tab adds. onOpen(open): the panel is shown.
 * onUpdate(changes): of the settings. onIdentify({name?, email?, external_id?, identity_token?, identity_hash?}): who the
 * page says the visitor is. onSend(content): words that the page sends for the visitor.
 */
export function listen({ onKept, onOpen, onUpdate, onIdentify, onSend }) {
  addEventListener("message", ({ source, origin: from, data }) => {
    if (source !== parent || from !== origin) return
    if (data?.pingback === "kept") onKept(data.kept)
    if (data?.pingback === "open") onOpen(data.open)
    if (data?.pingback === "update") onUpdate(data.changes)
    if (data?.pingback === "identify") onIdentify(data.customer)
    if (data?.pingback === "send") onSend(data.content)
  })
  tell({ pingback: "ready" })
}
