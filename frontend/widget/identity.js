// Who the page says that the visitor is: told to the server, and proven there or not.

import { on } from "./events.js"
import { dial, emit } from "./line.js"
import { LATER } from "./outbox.js"
import { settings } from "./settings.js"
import { know, visitor } from "./visitor.js"

/** Nothing is sent before the server has answered to this. */
export let introduced = Promise.resolve()

export function introduce() {
  if (visitor.customer || settings.options.verified_only) introduced = introduced.then(askWho)
}

async function askWho() {
  const ack = await emit("identify", { customer: visitor.customer ?? {} })
  const { error } = ack
  if (error?.code === "offline") return // the next connection asks again
  if (LATER.includes(error?.code)) {
    await new Promise((resolve) => setTimeout(resolve, 1000 * (error.retry_after || 5)))
    return askWho()
  }
  if (error) {
    visitor.customer = undefined
    return console.warn("PingBack: identify:", error.detail)
  }
  visitor.verified = ack.verified || !settings.options.verified_only
  if (ack.visitor_key) become(ack.visitor_key, ack.is_other && {})
  on.changed()
}

/**
 * This browser's visitor from now on. What another one wrote here goes out of sight. kept: what is left of what that one
 * had not sent, where it may be another person's.
 */
export function become(visitor_key, kept) {
  const wasKnown = visitor.key
  know(visitor_key)
  if (wasKnown) on.other(kept)
  dial()
}
