// Messages in the log: what a bubble holds, and what stands below the last of a group.

import { button, el } from "./dom.js"
import { CLOCK, FILE, icon } from "./icons.js"
import { parts, shaped } from "./links.js"
import { again, previews, progress, takeBack } from "./outgoing.js"
import { avatar, time } from "./people.js"
import { settings, texts } from "./settings.js"

const [WIDEST, HIGHEST] = [220, 200] // pixels of a picture

function words(content) {
  const bubble = el("p", { class: "pb-b", dir: "auto" })
  // With a direction of its own, so that nothing before it can make the address read backwards.
  const link = { dir: "ltr", target: "_blank", rel: "noopener noreferrer nofollow" }
  for (const { text, href } of parts(content)) {
    if (href) bubble.append(el("a", { href, ...link }, text))
    else bubble.append(...shaped(text).map((piece) => (piece.shape ? el(piece.shape, {}, piece.text) : piece.text)))
  }
  return bubble
}

/** A picture in a box that does not move when it arrives, or the file's name; both open in a tab of their own. */
function file({ url, filename, thumbnail_url, width, height }) {
  const link = { href: url, target: "_blank", rel: "noopener noreferrer" }
  if (!thumbnail_url) return el("a", { ...link, class: "pb-b pb-file", dir: "auto" }, icon(FILE), filename)
  const scale = Math.min(1, WIDEST / width, HIGHEST / height)
  const box = { width: Math.round(width * scale), height: Math.round(height * scale) }
  return el(
    "a",
    { ...link, class: "pb-pic", "aria-label": filename },
    el("img", { src: thumbnail_url, alt: "", loading: "lazy", ...box }),
  )
}

export const isOwn = ({ sender_type }) => sender_type === "customer"

// Some codes are names of texts. What the server says for itself it says in English.
const reason = ({ code, text, detail }) => text ?? texts[code] ?? (document.documentElement.lang === "en" && detail)

const receipt = (item, held, state) => {
  if (!item) return [texts[state]]
  const retry = button({ onclick: () => again(item) }, texts.retry)
  const cancel = button({ onclick: () => takeBack(item) }, texts.cancel)
  if (item.error) {
    const why = [texts.failed, reason(item.error)].filter(Boolean).join(" ")
    return item.error.code === "lost" ? [why, cancel] : [why, retry, cancel]
  }
  const bar = !held && progress(item)
  return [
    ...(bar ? [bar] : [icon(CLOCK), held ? texts.waiting : texts.sending]),
    ...(item.files && !item.away ? [cancel] : []),
  ]
}

const article = (source) => {
  const href = settings.has_help && `/help/${settings.business_id}/${source.id}/` // without one it is just words
  const [before, after] = texts.source({ title: "\0" }).split("\0") // the title may run in another direction
  const words = el("span", {}, before, el("bdi", {}, source.title), after)
  return el("a", { class: "pb-src", href, target: "_blank" }, icon(FILE), words)
}

/**
 * An entry of the log (conversation.js). message: the server's, or the outbox's with its `item` and `held` for a better
 * line; with a `key`, `far`: how far the team is with it, `follows` and `ends`: its place in a group, `tells`: how far it is.
 */
export function bubble(message) {
  const { key, content, attachments = [], sources = [], ai, created_at: at } = message
  const { item, held, far, follows, ends, tells, edited_at: edited, deleted_at: gone } = message
  const own = isOwn(message)
  const name = message.sender_name || settings.name
  return {
    key,
    version: gone ? "gone" : edited ? edited + content : "", // times are whole seconds: two changes may share one
    className: [
      "pb-m",
      own && "pb-me",
      follows && "pb-follows",
      ends && "pb-ends",
      gone && "pb-gone",
      item && (item.error ? "pb-bad" : "pb-wait"),
    ]
      .filter(Boolean)
      .join(" "),
    // What changes while the bubble stays: who and when below the last of a group, how far our own one is.
    state: [ends, tells, item?.error?.code, !item, held, far].join(),
    make: () => [
      own ? "" : avatar(name, message.sender_avatar_url, ai),
      el("span", { class: "pb-vh" }, `${own ? texts.you : name}: `),
      gone || content ? words(gone ? texts.deleted : content) : "",
      ...attachments.map(file),
      ...(item?.files ? previews(item) : []),
      ...sources.map(article),
    ],
    note() {
      // Not read aloud each time that it gets further.
      if (own)
        return tells ? el("small", { "aria-live": item?.error ? "polite" : "off" }, ...receipt(item, held, far)) : ""
      if (!ends) return ""
      return el(
        "small",
        {},
        el("span", { dir: "auto" }, name),
        ai ? ` · ${texts.assistant}` : "",
        " · ",
        time(at),
        edited && !gone ? ` · ${texts.edited}` : "",
      )
    },
  }
}
