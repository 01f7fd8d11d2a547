// The line to the server, on which this browser's visitor writes and hears.

import { connect } from "../../static/js/socket.js"
import { on } from "./events.js"
import { page } from "./host.js"
import { settings, texts } from "./settings.js"
import { visitor } from "./visitor.js"

export const CALM_MS = 1_500 // a shorter break of the connection is nobody's concern

// Settings shows the real thing with nobody behind it.
const dialTo = settings.preview ? (await import("./preview.js")).pretend(settings) : connect

let socket
export let state
export let trouble = "" // with the line, in words

/** Resolves to the ack. */
export const emit = (name, payload) => socket.emit(name, payload)

/** Also once more, for somebody else or for a person who does not give up. */
export function dial() {
  socket?.close()
  state = "connecting"
  socket = dialTo({
    auth: () => ({
      business_id: settings.business_id,
      widget_id: settings.id,
      visitor_key: visitor.key || undefined,
      page,
    }),
    onEvent: (name, payload) => on[name]?.(payload),
    onState(next, reason) {
      if (reason === "closed") return
      state = next
      if (state === "online") {
        trouble = ""
        on.online()
      } else if (state === "refused") {
        trouble = texts.refused
        on.refused()
      } else setTimeout(worry, CALM_MS)
      on.changed()
    },
  })
}

function worry() {
  if (state === "online" || state === "refused") return
  trouble = texts.offline
  on.changed()
}
