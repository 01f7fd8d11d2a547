// What stands in the log of a conversation, from its top down: entries for `place` of dom.js, each with its `key`, a
// `className` and what makes its content.

import { isOver } from "./asking.js"
import { bubble, isOwn } from "./bubbles.js"
import { el } from "./dom.js"
import { day } from "./people.js"
import { settings, texts } from "./settings.js"

const entry = (key, className, ...content) => ({ key, className, make: () => content })

/** What was said, and what is on its way, in order: as `bubble` takes it. */
function saidIn(thread, waiting, trouble) {
  const stored = new Set(thread.messages.map((message) => message.client_message_id))
  return [
    ...thread.messages.map((message) => ({
      ...message,
      key: message.client_message_id ?? message.id,
      far: thread.stateOf(message),
    })),
    ...waiting
      .filter(({ id }) => !stored.has(id))
      .map((item) => ({
        key: item.files ? `${item.id}:files` : item.id, // the same bubble goes on as the server's, but for files
        sender_type: "customer",
        sender_id: null,
        content: item.content,
        created_at: new Date(item.at).toISOString(),
        item,
        held: Boolean(trouble),
      })),
  ]
}

/** Bubbles in groups of one person's, and a line above each day. */
function bubbles(said) {
  const dayOf = (message) => message && day(message.created_at, texts)
  const together = (one, other) =>
    one && other && dayOf(one) === dayOf(other) && isOwn(one) === isOwn(other) && one.sender_id === other.sender_id
  return said.flatMap((message, index) => {
    const [before, after] = [said[index - 1], said[index + 1]]
    const today = dayOf(message)
    const one = bubble({
      ...message,
      follows: together(before, message),
      ends: !together(message, after),
      // One receipt, under our last word; a failed message always says so.
      tells: message.item?.error || (isOwn(message) && !after) || (message.item && !after?.item),
    })
    return dayOf(before) === today ? one : [entry(`day:${today}`, "pb-line pb-day", today), one]
  })
}

/** As `render` of conversation.js is told. more, chips: what asks for earlier messages, and what stands under Theo's. */
export function entriesOf({ thread, waiting, state, ending, helped, trouble, loading, name, face, more, chips }) {
  const said = saidIn(thread, waiting, trouble)
  const entries = bubbles(said)
  if (thread.first > 1) entries.unshift(entry("earlier", "pb-line", more))
  if (!said.length && !loading) {
    const [heading, tagline] = [settings.welcome_heading, settings.welcome_tagline]
    entries.push(entry("welcome", "pb-line", el("b", { dir: "auto" }, heading), el("p", { dir: "auto" }, tagline)))
  }
  const answer = thread.messages.at(-1)
  if (answer?.sources?.length && state === "open" && !waiting.length) {
    entries.push(
      answer.id === helped ? entry("helped", "pb-line", texts.thanks) : entry("chips", "pb-line pb-chips", ...chips),
    )
  }
  if (isOver(state) && !waiting.length) {
    entries.push(entry(state, "pb-line", texts[state]))
    if (ending) entries.push(entry("ending", "", ending))
  }
  if (thread.typing) {
    const words = el("span", { class: "pb-vh" }, texts.typing({ name }))
    const dots = el("p", { class: "pb-b pb-typing" }, el("i"), el("i"), el("i"), words)
    entries.push(entry("typing", "pb-m pb-ends", face(), dots))
  }
  return entries
}
