// Files of messages on their way: shown above the field until they are sent, then taken up one by one.
// Loaded with the first file.

import style from "./attach.css"
import { el, wear } from "./dom.js"
import { FILE, icon, tool, X } from "./icons.js"
import { files as english } from "./languages/en.json"

wear(style)

const MOST = 5
const MEGABYTE = 1024 * 1024
const STALLED_MS = 30_000 // an upload that does not move for so long is as good as cut
const MOST_CUTS = 6 // of one that everything else gets past
const LATER = [0, 408, 502, 503, 504] // not the file's fault; 0 is no answer at all

const pictures = new WeakMap() // file -> its address on this page
const chosen = new Map() // Thread -> the files that are chosen in it
const held = new Map() // id of an item of the outbox -> {files, stop, bar, cuts}, as long as this page lives
let texts
let tooBig // the sentence for that

/** rest: the frame's texts. */
export function speak(rest) {
  texts = rest.over(english)
}

const named = (file) => el("p", { class: "pb-b pb-file", dir: "auto" }, icon(FILE), file.name)

/** What is shown of a file that the server does not have: the picture, else its name. broke(): it is no picture. */
function preview(file, broke) {
  if (!file.type.startsWith("image/")) return named(file)
  if (!pictures.has(file)) pictures.set(file, URL.createObjectURL(file))
  const image = el("img", { src: pictures.get(file), alt: file.name })
  const box = el("span", { class: "pb-pic pb-local" }, image)
  image.onerror = () => {
    box.replaceWith(named(file))
    broke?.()
  }
  return box
}

function forget(file) {
  URL.revokeObjectURL(pictures.get(file))
  pictures.delete(file)
}

/**
 * The files of the message that is being written in `field`, in the thread `its`. most: bytes of one. complain: shows a
 * sentence, "" takes it away. keep: of host.js. changed(): after each change.
 */
export function tray({ field, most, its, complain, keep, changed }) {
  const megabytes = Math.floor(most / MEGABYTE)
  tooBig = texts.tooBig({ megabytes })
  const types = field.form.querySelector("[type=file]").accept.split(",") // a dialog for files alone heeds them
  const files = () => chosen.get(its) ?? []
  const node = el("ul", { class: "pb-tray", "aria-label": texts.files })

  const put = (next) => {
    chosen.set(its, next)
    node.replaceChildren(...next.map(chip))
    // Files themselves cannot be kept: whoever leaves the page with some chosen is told which.
    const names = [...chosen.values()].flat().map(({ name }) => name)
    keep("files", names.join(", ") || null)
    changed()
  }

  const chip = (file, index) => {
    const remove = tool(texts.removeFile({ name: file.name }), X)
    const drop = () => {
      forget(file)
      put(files().filter((other) => other !== file))
    }
    const broke = () => {
      drop()
      complain(`${file.name}: ${texts.badType}`)
    }
    remove.onclick = () => {
      drop()
      const next = node.children[index] ?? node.lastChild
      ;(next?.querySelector("button") ?? field).focus()
    }
    return el("li", {}, preview(file, broke), remove)
  }

  return {
    node,
    put,
    /** To another thread, and what is chosen there. */
    turn(thread) {
      its = thread
      put(files())
    },
    /** forgotten: the names of others, which are to be chosen again. */
    add(more, forgotten) {
      complain(forgotten ? texts.forgotten({ names: forgotten }) : "")
      const all = [...files()]
      for (const file of more) {
        const end = file.name.toLowerCase().split(".").at(-1)
        if (all.length === MOST) complain(texts.tooMany({ count: MOST }))
        else if (!types.includes(`.${end}`)) complain(`${file.name}: ${texts.badType}`)
        else if (file.size > most) complain(`${file.name}: ${tooBig}`)
        else if (!file.size) complain(`${file.name}: ${texts.empty}`)
        else all.push(file)
      }
      put(all)
    },
    get files() {
      return files()
    },
  }
}

/** Somebody else is here now. */
export const leave = () => chosen.clear()

/** The files of an item of the outbox. */
export function hold(item, files) {
  const bar = el("progress", { max: 100, value: 0, "aria-label": texts.uploading })
  held.set(item.id, { files, bar, cuts: 0, stop: new AbortController() })
  claim(item)
}

/** For as long as this page lives no other one sends it. Resolves when nobody can tell who does: without locks. */
async function claim({ id }, ours) {
  try {
    await navigator.locks.request(`pingback:${id}`, () => {
      ours?.()
      return new Promise(() => {})
    })
  } catch {
    // Not on a secure page, or denied.
  }
}

/** The page that has the files may live: the words are ours to send once it does not, and wait where nobody can tell. */
export async function inherit(item, outbox) {
  await claim(item, () => {
    item.away = false
    outbox.flush()
  })
  if (item.at > performance.timeOrigin) return // it came while we were here: from a page that most likely is, too
  item.error = lost()
  outbox.changed()
}

const lost = () => ({ code: "lost", text: texts.lost })

/** They are another item's now. */
export function pass(item, other) {
  if (!held.has(item.id)) return
  held.set(other.id, held.get(item.id))
  held.delete(item.id)
  claim(other)
}

export function letGo(item) {
  const { files = [], stop } = held.get(item.id) ?? {}
  held.delete(item.id)
  stop?.abort()
  files.forEach(forget)
}

export const previews = (item) => held.get(item.id)?.files.map((file) => preview(file))
export const progress = (item) => held.get(item.id)?.bar

/**
 * Take the files of an item to the server, those that are not there. Resolves to nothing, or to an error as an ack has
 * it, with a `text` for the visitor. id: of the widget. key: the visitor's. isOnline(): the line to the server is whole.
 * stored(): one more is there.
 */
export async function takeUp(item, id, key, isOnline, stored) {
  if (!held.has(item.id)) return lost() // with an earlier page, or taken back meanwhile
  const its = held.get(item.id)
  const { files, stop, bar } = its
  const address = `/api/v1/widget/${id}/upload`
  for (const [index, file] of files.entries()) {
    if (item.files[index].url) continue
    const moved = (share) => {
      bar.value = Math.round((100 * (index + share)) / files.length)
    }
    const { url, error } = await upload(file, { address, key, conversation: item.conversation_id }, stop.signal, moved)
    if (error?.code === "busy" && isOnline() && ++its.cuts === MOST_CUTS) {
      its.cuts = 0 // for when a person asks for it again
      return { code: "cut" }
    }
    if (error) return error
    its.cuts = 0
    item.files[index].url = url
    stored()
  }
}

function upload(file, { address, key, conversation }, signal, moved) {
  const body = new FormData()
  if (conversation) body.set("conversation_id", conversation)
  body.set("file", file)
  const request = new XMLHttpRequest() // fetch does not tell how far it is
  let stalled
  const wait = () => {
    clearTimeout(stalled)
    stalled = setTimeout(() => request.abort(), STALLED_MS)
  }
  return new Promise((resolve) => {
    request.upload.onprogress = ({ loaded, total }) => {
      wait()
      moved(loaded / total)
    }
    request.onloadend = () => {
      clearTimeout(stalled)
      resolve(request.status === 201 ? { url: answerOf(request).url } : { error: errorOf(request) })
    }
    signal.addEventListener("abort", () => request.abort())
    request.open("POST", address)
    request.setRequestHeader("X-Visitor-Key", key)
    request.send(body)
    wait()
  })
}

function answerOf(request) {
  try {
    return JSON.parse(request.responseText)
  } catch {
    return {}
  }
}

function errorOf(request) {
  if (LATER.includes(request.status)) return { code: "busy" }
  const { detail } = answerOf(request)
  const [code, text] = { 413: ["too_large", tooBig], 415: ["bad_type", texts.badType] }[request.status] ?? ["invalid"]
  if (request.status === 429) return { code: "tooOften" }
  return { code, text, detail: Array.isArray(detail) ? detail[0]?.msg : detail }
}
