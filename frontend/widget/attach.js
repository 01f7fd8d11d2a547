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
const CODES = { 413: "too_large", 415: "bad_type", 429: "too_often" }
const LATER = [0, 408, 502, 503, 504] // not the file's fault; 0 is no answer at all

const pictures = new WeakMap() // file -> its address on this page

const named = (file) => el("p", { class: "pb-b pb-file", dir: "auto" }, icon(FILE), file.name)

/** What is shown of a file that the server does not have: the picture, else its name. */
export function preview(file) {
  if (!file.type.startsWith("image/")) return named(file)
  if (!pictures.has(file)) pictures.set(file, URL.createObjectURL(file))
  const image = el("img", { src: pictures.get(file), alt: file.name })
  const box = el("span", { class: "pb-pic pb-local" }, image)
  image.onerror = () => box.replaceWith(named(file)) // it calls itself a picture
  return box
}

export function forget(file) {
  URL.revokeObjectURL(pictures.get(file))
  pictures.delete(file)
}

/**
 * The files of the message that is being written in `field`. most: bytes of one. complain: shows a sentence, "" takes
 * it away. changed: after each change.
 */
export function tray({ texts: rest, field, most, complain, changed }) {
  const texts = rest.over(english)
  let files = []
  const node = el("ul", { class: "pb-tray", "aria-label": texts.files })

  const draw = () => {
    node.replaceChildren(...files.map(chip))
    changed()
  }

  const chip = (file, index) => {
    const remove = tool(texts.removeFile({ name: file.name }), X)
    remove.onclick = () => {
      forget(file)
      files = files.filter((other) => other !== file)
      draw()
      const next = node.children[Math.min(index, files.length - 1)]
      ;(next?.querySelector("button") ?? field).focus()
    }
    return el("li", {}, preview(file), remove)
  }

  return {
    node,
    add(more) {
      complain("")
      for (const file of more) {
        if (files.length === MOST) complain(texts.tooMany({ count: MOST }))
        else if (file.size > most) complain(`${file.name}: ${texts.tooBig({ megabytes: Math.floor(most / MEGABYTE) })}`)
        else if (!file.size) complain(`${file.name}: ${texts.empty}`)
        else files.push(file)
      }
      draw()
    },
    /** What is in it, which is then empty. */
    take() {
      const taken = files
      files = []
      draw()
      return taken
    },
    get names() {
      return files.map(({ name }) => name)
    },
  }
}

/**
 * Take the files of an item of the outbox to the server, those that are not there. Resolves to nothing, or to an error as
 * an ack has it. to: {address, key}. stop: an AbortController. moved: is told the share that is there, 0 to 1. stored():
 * one more is.
 */
export async function takeUp(item, { files, stop, to, moved, stored }) {
  for (const [index, file] of files.entries()) {
    if (item.files[index].url) continue
    const share = (part) => moved((index + part) / files.length)
    const { url, error } = await upload(file, { ...to, conversation: item.conversation_id }, stop.signal, share)
    if (error) return error
    item.files[index].url = url
    stored()
  }
}

function upload(file, { address, key, conversation }, signal, moved) {
  const body = new FormData()
  body.set("conversation_id", conversation)
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
  return { code: CODES[request.status] ?? "invalid", detail: Array.isArray(detail) ? detail[0]?.msg : detail }
}
