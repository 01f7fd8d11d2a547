// Who the page says that the visitor is: told to the server, and proven there or not.

import { on } from "./events.js"
import { dial, emit } from "./line.js"
import { LATER } from "./outbox.js"
import { settings } from "./settings.js"
import { know, visitor } from "./visitor.js"

const isClosed = settings.options.verified_only

/** Nothing is sent before the server has answered to this. */
export let introduced = Promise.resolve()

export function introduce() {
  if (visitor.customer || isClosed) introduced = introduced.then(askWho)
}

async function askWho() {
  const ack = await emit("identify", { customer: visitor.customer ?? {} })
  if (ack.error) {
    if (!LATER.includes(ack.error.code)) {
      console.warn("PingBack: identify:", ack.error.detail)
      visitor.customer = undefined
    }
    return
  }
  visitor.verified = ack.verified || !isClosed
  if (ack.visitor_key) become(ack.visitor_key)
  on.changed()
}

/** This browser's visitor from now on. What another one wrote here goes out of sight. */
export function become(visitor_key) {
  const wasKnown = visitor.key
  know(visitor_key)
  if (wasKnown) on.other()
  dial()
}
