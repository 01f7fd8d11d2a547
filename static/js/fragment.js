// Parts of pages from our own server, and putting them where they belong. The templates alone decide how things look.

import { Idiomorph } from "../vendor/idiomorph-0.8.0.esm.js"

export class Failed extends Error {
  /**
   * status: the answer's, 0 when there was none. kind: the refusal's word, for code to tell it by.
   * seconds: until one may ask again, if the server said so.
   */
  constructor(status, detail, kind = "", seconds = 0) {
    super(detail)
    this.status = status
    this.kind = kind
    this.seconds = seconds
  }

  /** No fault of what was asked: the same may work later. */
  get passes() {
    return [0, 503].includes(this.status) || (this.status === 429 && this.seconds > 0)
  }
}

/** The reader is no member of the page's workspace any more; said here, whoever learns it first. */
export const hasLeft = () => location.assign(`/left/?workspace=${document.body.dataset.business}`)

/** The answer to a request of ours. Throws Failed, with the server's sentence when it has one. */
export async function ask(address, { body, signal } = {}) {
  let answer
  try {
    answer = await fetch(address, {
      method: body ? "POST" : "GET",
      body,
      signal,
      cache: "no-store",
      headers: { "X-Requested-With": "fetch" },
    })
  } catch (error) {
    if (error.name === "AbortError") throw error
    throw new Failed(0, "")
  }
  if (answer.redirected) {
    if (new URL(answer.url).pathname === "/onboarding") hasLeft()
    else location.reload() // signed out in the meantime: the server knows where to
    throw new Failed(401, "")
  }
  if (!answer.ok) {
    const told = await answer.json().catch(() => ({}))
    throw new Failed(answer.status, told.detail ?? "", told.kind, Number(answer.headers.get("Retry-After")) || 0)
  }
  return answer
}

/** The fragment at an address, as a document of its own. */
export async function fragment(address, options) {
  const answer = await ask(address, options)
  return parsed(await answer.text())
}

/** A document of its own, of what a template of ours has drawn. */
export const parsed = (html) => new DOMParser().parseFromString(html, "text/html")

/**
 * Make the page's element what the fragment's element of the same id is; focus, open menus and fields that somebody
 * fills in stay, and all of it while somebody changes something in it (in-place.js).
 */
export function morph(old, fresh) {
  if (!old || !fresh || old.isEqualNode(fresh) || old.querySelector("[data-changing]")) return
  Idiomorph.morph(old, document.importNode(fresh, true), {
    callbacks: {
      beforeAttributeUpdated: (name) => name !== "open",
      beforeNodeMorphed: (node) => !(node.nodeType === Node.ELEMENT_NODE && isInUse(node)),
    },
  })
}

/** Whether it is a field that somebody is in, or that holds something else than it was drawn with. */
function isInUse(field) {
  if (!field.matches("input:not([type=hidden]), textarea, select")) return false
  if (field === document.activeElement || field.validity.badInput) return true // half a date has no value yet
  return !field.options && (field.value !== field.defaultValue || field.checked !== field.defaultChecked)
}

export function morphById(page, ...ids) {
  for (const id of ids) morph(document.getElementById(id), page.getElementById(id))
}
