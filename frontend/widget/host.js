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

/** onKept({name: text}): what earlier pages left, and later what another tab adds. onOpen(open): the panel is shown. */
export function listen({ onKept, onOpen }) {
  addEventListener("message", ({ source, origin: from, data }) => {
    if (source !== parent || from !== origin) return
    if (data?.pingback === "kept") onKept(data.kept)
    if (data?.pingback === "open") onOpen(data.open)
  })
  tell({ pingback: "ready" })
}
