// One conversation: its head, the log of messages, and the field to write in.

import { el } from "./dom.js"
import { ARROW_UP, CHEVRON_DOWN, CHEVRON_LEFT, CLOCK, FILE, icon, PAPERCLIP, SMILE, WIFI_OFF, X } from "./icons.js"
import { parts } from "./links.js"
import { avatar, day, showPresence, time } from "./people.js"

const MOST = 10_000 // characters of one message
const [WIDEST, HIGHEST] = [220, 200] // pixels of a picture
// As foundation/filetypes.py has them; a phone turns its photos into one of these.
const TYPES = ".png,.jpg,.jpeg,.gif,.webp,.pdf,.txt,.csv,.docx,.xlsx,.mp3,.mp4,.ogg"
const NEAR_END = 48 // pixels: closer than this, the log stays at its end

function words(content) {
  const bubble = el("p", { class: "pb-b", dir: "auto" })
  // With a direction of its own, so that nothing before it can make the address read backwards.
  const link = { dir: "ltr", target: "_blank", rel: "noopener noreferrer nofollow" }
  for (const { text, href } of parts(content)) bubble.append(href ? el("a", { href, ...link }, text) : text)
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

export function conversationView({
  settings,
  texts,
  onBack,
  onClose,
  onSend,
  onTyping,
  onFiles,
  attachment,
  asked,
  onEarlier,
  onRetry,
  onCancel,
  onEnd,
}) {
  const rows = new Map() // key -> element, kept as long as the entry is shown: a live region must not repeat itself
  let glued = true // to the end of the log
  let newest = 0

  // Head -----------------------------------------------------------------------------------------------------

  const face = el("span", { class: "pb-face" })
  const title = el("h1", { dir: "auto" })
  const there = el("small", { class: "pb-there" })
  const back = el(
    "button",
    { type: "button", class: "pb-ib", "aria-label": texts.back, onclick: onBack },
    icon(CHEVRON_LEFT),
  )
  const head = el(
    "header",
    { class: "pb-head" },
    back,
    face,
    el("div", { class: "pb-words" }, title, there),
    el("button", { type: "button", class: "pb-ib", "aria-label": texts.close, onclick: onClose }, icon(X)),
  )
  const net = el("p", { class: "pb-net", role: "status" })

  // Log ------------------------------------------------------------------------------------------------------

  const log = el("div", { class: "pb-log", role: "log", tabindex: "0", "aria-label": texts.messages })
  const earlier = el("button", { type: "button", class: "pb-pill" }, texts.earlier)
  earlier.onclick = () => {
    log.focus() // the button may go, and the focus with it
    onEarlier()
  }
  const below = el("button", { type: "button", class: "pb-pill pb-below" }, icon(CHEVRON_DOWN), texts.newMessages)
  const toEnd = () => {
    log.scrollTop = log.scrollHeight
  }
  below.hidden = true
  below.onclick = toEnd
  log.onscroll = () => {
    glued = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END
    if (!glued) return
    below.hidden = true
    onEnd()
  }
  new ResizeObserver(() => glued && toEnd()).observe(log)

  // Under Theo's words: whoever presses it says so, and is handed over.
  const person = el("button", { type: "button", class: "pb-pill" }, texts.person)
  person.onclick = () => {
    field.focus()
    onSend(texts.person, [])
  }

  const line = (key, className, text) => ({ key, className, make: () => [text] })

  const megabytes = Math.floor(settings.upload_bytes / 1_048_576)
  const reasons = {
    refused: texts.refused,
    lost: texts.lost,
    bad_type: texts.badType,
    too_large: texts.tooBig({ megabytes }),
    too_often: texts.tooOften,
  }
  // What the server says for itself it says in English.
  const reason = ({ code, detail }) => reasons[code] ?? (document.documentElement.lang === "en" && detail)

  const receipt = (item, held, state) => {
    if (!item) return [texts[state]]
    const again = el("button", { type: "button", onclick: () => onRetry(item) }, texts.retry)
    const cancel = el("button", { type: "button", onclick: () => onCancel(item) }, texts.cancel)
    if (item.error) {
      const why = [texts.failed, reason(item.error)].filter(Boolean).join(" ")
      return item.error.code === "lost" ? [why, cancel] : [why, again, cancel]
    }
    if (item.files && !held) return [el("progress", { value: 0, "aria-label": texts.uploading }), cancel]
    return [icon(CLOCK), held ? texts.waiting : texts.sending, ...(item.files ? [cancel] : [])]
  }

  const bubble = ({
    key,
    own,
    name,
    face,
    content,
    attachments = [],
    previews = [],
    sources = [],
    at,
    item,
    held,
    far,
    follows,
    ends,
    tells,
    gone,
    edited,
  }) => ({
    key,
    version: gone || edited || "",
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
    state: [ends, tells, gone, edited, Boolean(item), item?.error?.detail, held, far].join(),
    make: () => [
      own ? "" : avatar(name, face),
      el("span", { class: "pb-vh" }, `${own ? texts.you : name}: `),
      content ? words(content) : "",
      ...attachments.map(file),
      ...previews,
      ...sources.map((source) => {
        const href = settings.has_help && `/help/${settings.business_id}/${source.id}/` // without one it is just words
        return el("a", { class: "pb-src", dir: "auto", href, target: "_blank" }, texts.source(source))
      }),
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
        " · ",
        time(at),
        edited && !gone ? ` · ${texts.edited}` : "",
      )
    },
  })

  function place(entries) {
    const keys = new Set(entries.map(({ key }) => key))
    for (const [key, row] of rows) {
      if (keys.has(key)) continue
      rows.delete(key)
      row.remove()
    }
    let next = log.firstChild
    for (const { key, className, state, make, note, version = "" } of entries) {
      let row = rows.get(key)
      if (!row) {
        row = el("div", {}, ...make())
        row.dataset.version = version
        rows.set(key, row)
      } else if (row.dataset.version !== version) {
        row.dataset.version = version
        row.dataset.state = ""
        row.replaceChildren(...make())
      }
      row.className = className
      if (note && row.dataset.state !== state) {
        row.dataset.state = state
        row.querySelector("small")?.remove()
        row.append(note())
      }
      if (row === next) next = next.nextSibling
      else log.insertBefore(row, next)
    }
  }

  // Field ----------------------------------------------------------------------------------------------------

  const field = el("textarea", {
    id: "pb-field",
    rows: "1",
    maxlength: MOST,
    placeholder: texts.message,
    dir: "auto",
    enterkeyhint: "send",
  })
  const tool = (name, paths, more) =>
    el("button", { type: "button", class: "pb-ib", "aria-label": name, ...more }, icon(paths))
  const picker = el("input", { type: "file", multiple: "", accept: TYPES, hidden: "" })
  const smile = tool(texts.emoji, SMILE, { "aria-expanded": "false", onclick: () => toggleEmoji() })
  const send = el("button", { type: "submit", class: "pb-ib pb-send", "aria-label": texts.send }, icon(ARROW_UP))
  const complaint = el("p", { class: "pb-err", role: "alert" })
  const complain = (sentence) => {
    complaint.textContent = sentence
  }
  const form = el(
    "form",
    { class: "pb-write" },
    el("label", { class: "pb-vh", for: "pb-field" }, texts.message),
    field,
    picker,
    tool(texts.attach, PAPERCLIP, { onclick: () => picker.click() }),
    smile,
    send,
  )
  const above = el("div", { class: "pb-above" }, complaint)
  const fit = () => {
    send.disabled = !field.value.trim() && !tray?.names.length
    field.style.blockSize = "auto"
    if (field.scrollHeight) field.style.blockSize = `${field.scrollHeight}px`
  }
  field.oninput = () => {
    fit()
    onTyping(field.value)
  }
  field.onkeydown = (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return
    event.preventDefault()
    form.requestSubmit()
  }
  form.onsubmit = (event) => {
    event.preventDefault()
    const content = field.value.trim()
    const files = tray?.take() ?? []
    if (!content && !files.length) return
    field.value = ""
    complain("")
    fit()
    field.focus()
    glued = true
    onSend(content, files)
  }

  // Files and emoji: what shows them comes with the first use ------------------------------------------------

  let tray
  const changed = () => {
    fit()
    onFiles(tray.names)
  }
  async function attach(files) {
    complain("")
    if (!files.length) return
    try {
      const { tray: make } = await attachment()
      if (!tray) {
        tray = make({ texts, field, most: settings.upload_bytes, complain, changed })
        above.append(tray.node)
      }
      tray.add(files)
      field.focus()
    } catch {
      complain(texts.offline)
    }
  }
  picker.onchange = () => {
    attach([...picker.files])
    picker.value = ""
  }
  field.onpaste = (event) => {
    const files = [...event.clipboardData.files]
    if (!files.length || event.clipboardData.types.includes("text/plain")) return
    event.preventDefault()
    attach(files)
  }

  let emoji
  async function toggleEmoji() {
    try {
      emoji ??= (await import("./emoji.js")).emojiPicker({ label: texts.emoji, onPick: insert, onClose: closeEmoji })
    } catch {
      return complain(texts.offline)
    }
    if (emoji.node.isConnected) return closeEmoji()
    complain("")
    above.append(emoji.node)
    smile.ariaExpanded = "true"
    emoji.focus()
  }
  function closeEmoji() {
    emoji?.node.remove()
    smile.ariaExpanded = "false"
    field.focus()
  }
  function insert(text) {
    closeEmoji()
    field.setRangeText(text, field.selectionStart, field.selectionEnd, "end")
    field.oninput()
  }

  // What is asked first stands in the place of log and field ---------------------------------------------------

  let asking = "" // which
  let form0 // it, once it is here
  async function ask(which) {
    if (asking === which) return
    asking = which
    form0?.node.remove()
    form0 = undefined
    main.hidden = form.hidden = above.hidden = Boolean(which)
    if (!which) return
    const made = await asked(which, field.value).catch(() => undefined)
    if (asking !== which) return
    if (!made) {
      // Without the code for it nothing is asked: whoever has come to write may write.
      main.hidden = form.hidden = above.hidden = false
      return
    }
    form0 = made
    made.words.addEventListener("input", () => onTyping(made.words.value))
    net.after(made.node)
    if (focusing !== undefined) made.focus(focusing)
  }
  let focusing // what `focus` was called with, for a form that was not here yet

  const main = el("div", { class: "pb-main" }, log, below)
  const node = el("section", { class: "pb-conversation" }, head, net, main, above, form)

  return {
    node,
    /** Where a hand expects it: the field, but not where that would throw up a keyboard nobody asked for. */
    focus(wanted) {
      fit()
      focusing = wanted || matchMedia("(pointer: fine)").matches
      if (asking) form0?.focus(focusing)
      else (focusing ? field : log).focus()
    },
    /** Whether the newest message is in view, when the view is. */
    get atEnd() {
      return glued
    },
    attach,
    complain,
    /** How much of the files of an item that is on its way is there, 0 to 1. */
    moved(item, share) {
      const bar = rows.get(`${item.id}:files`)?.querySelector("progress")
      if (bar) bar.value = share
    },
    write(text) {
      field.value = text
      fit()
    },
    /** Another conversation comes: nothing of the last one stays. */
    clear() {
      rows.clear()
      log.replaceChildren()
      glued = true
      newest = 0
    },
    /**
     * thread: Thread. waiting: its items of the outbox, in order. state: "open", "resolved", "closed" ...
     * present: of availability.js. previews: item -> what is shown of its files. trouble: "" or a text for the bar. loading: nothing is known yet.
     */
    render({ thread, waiting, present, previews, state, assignee, first, ending, trouble, loading }) {
      ask(first)
      const stored = new Set(thread.messages.map((message) => message.client_message_id))
      const shown = [
        ...thread.messages.map((message) => ({
          key: message.client_message_id ?? message.id,
          own: message.sender_type === "customer",
          name: message.sender_name || settings.name,
          face: message.sender_avatar_url,
          author: message.sender_id,
          content: message.deleted_at ? texts.deleted : message.content,
          gone: message.deleted_at,
          edited: message.edited_at,
          attachments: message.attachments,
          sources: message.sources,
          at: message.created_at,
          far: thread.stateOf(message),
        })),
        ...waiting
          .filter(({ id }) => !stored.has(id))
          .map((item) => ({
            key: item.files ? `${item.id}:files` : item.id, // the same bubble goes on as the server's, but for files
            own: true,
            author: null,
            content: item.content,
            previews: item.files && previews(item),
            at: new Date(item.at).toISOString(),
            item,
            held: Boolean(trouble),
          })),
      ]

      const entries = []
      if (thread.first > 1) entries.push({ key: "earlier", className: "pb-line", make: () => [earlier] })
      if (!shown.length && !loading) {
        entries.push({
          key: "welcome",
          className: "pb-line",
          make: () => [
            el("b", { dir: "auto" }, settings.welcome_heading),
            el("p", { dir: "auto" }, settings.welcome_tagline),
          ],
        })
      }
      shown.forEach((message, index) => {
        const [before, after] = [shown[index - 1], shown[index + 1]]
        const today = day(message.at, texts)
        const newDay = !before || day(before.at, texts) !== today
        if (newDay) entries.push(line(`day:${today}`, "pb-line pb-day", today))
        const together = (one, other) => one && other && one.own === other.own && one.author === other.author
        const ends = !together(message, after) || day(after.at, texts) !== today
        entries.push(
          bubble({
            ...message,
            follows: !newDay && together(before, message),
            ends,
            // One receipt, under our last word; a failed message always says so.
            tells: message.item?.error || (message.own && !after) || (message.item && !after?.item),
          }),
        )
      })
      if (thread.messages.at(-1)?.sources?.length && state === "open" && !waiting.length) {
        entries.push({ key: "person", className: "pb-line", make: () => [person] })
      }
      if (["resolved", "closed"].includes(state) && !waiting.length) {
        entries.push(line(state, "pb-line", texts[state]))
        if (ending) entries.push({ key: "ending", className: "", make: () => [ending] })
      }
      const last = thread.messages.findLast(({ sender_type }) => sender_type === "agent")
      const agent = assignee?.name ?? last?.sender_name
      const picture = assignee ? assignee.avatar_url : last?.sender_avatar_url
      if (thread.typing) {
        const name = agent || settings.name
        entries.push({
          key: "typing",
          className: "pb-m pb-ends",
          make: () => [
            avatar(name, picture),
            el(
              "p",
              { class: "pb-b pb-typing" },
              el("i"),
              el("i"),
              el("i"),
              el("span", { class: "pb-vh" }, texts.typing({ name })),
            ),
          ],
        })
      }

      const height = log.scrollHeight
      const anchor = log.scrollTop
      const top = log.dataset.first
      log.setAttribute("aria-busy", String(loading))
      place(entries)
      log.dataset.first = shown[0]?.key ?? ""
      if (glued) toEnd()
      else if (top && top !== log.dataset.first) log.scrollTop = anchor + log.scrollHeight - height
      if (thread.last > newest && newest && !glued) below.hidden = false
      newest = thread.last

      showPresence(there, present.state, present.short)
      title.textContent = agent || (thread.id ? settings.name : texts.newConversation)
      face.replaceChildren(...(thread.id ? [avatar(agent || settings.name, picture)] : []))
      // Only when it changes: it is read aloud each time.
      if (net.textContent !== trouble) net.replaceChildren(...(trouble ? [icon(WIFI_OFF), trouble] : []))
    },
  }
}
