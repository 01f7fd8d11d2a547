// Who sits in front of this browser, as far as we are told, and what they ask of the server beside the line.

import * as host from "./host.js"
import { settings, texts } from "./settings.js"

// key: what opens this visitor's conversations. hasEmail: an address of theirs is known. customer: who the page says that
// they are. verified: they may write. muted: they want no sound.
export const visitor = { key: "", hasEmail: false, customer: undefined, verified: !settings.options.verified_only }

export function know(key) {
  visitor.key = key
  host.keep("key", key)
}

/**
 * Asks for the visitor's conversations, or posts `body` to a `part` of one ("/<id>/rating"). Resolves to the answer, or
 * to {error: a sentence, status}.
 */
export async function ask(part = "", body) {
  const headers = {
    "Accept-Language": document.documentElement.lang, // mails speak it, too
    "Content-Type": "application/json",
    "X-Visitor-Key": visitor.key,
  }
  try {
    const how = { method: body && "POST", headers, body: body && JSON.stringify(body) }
    const answer = await fetch(`/api/v1/widget/${settings.id}/conversations${part}`, how)
    const said = await answer.json()
    const { ok, status } = answer
    return ok ? said : { error: status === 429 ? texts.tooOften : texts.notSent, status }
  } catch {
    return { error: texts.notSent }
  }
}
