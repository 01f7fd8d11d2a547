// Search as one types: the list shows what was found, the address says what is looked for.

import { complain } from "./toast.js"

const CALM_MS = 150

/** go(): the address has changed, show its list. */
export function enhanceSearch(form, { go }) {
  const field = form.querySelector("#q")
  let timer
  const look = () => {
    clearTimeout(timer)
    const query = new URLSearchParams(location.search)
    const before = query.get("q") ?? ""
    const text = field.value.trim()
    if (text === before) return
    if (text) query.set("q", text)
    else query.delete("q")
    query.delete("cursor")
    history.replaceState({}, "", `${location.pathname}${query.size ? `?${query}` : ""}`)
    go().catch(complain)
  }
  field.addEventListener("input", () => {
    clearTimeout(timer)
    timer = setTimeout(look, CALM_MS)
  })
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    look()
  })
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-operator]")
    if (!button) return
    field.value = `${field.value.trimEnd()} ${button.dataset.operator}`.trimStart()
    field.focus()
  })
  return {
    /** What the address says, after a step back. */
    follow() {
      field.value = new URLSearchParams(location.search).get("q") ?? ""
    },
  }
}

/** In the open thread: the message that was found, and the words in it. */
export function showFound(thread, text) {
  const { at } = thread.element.dataset
  const message = at && thread.messages.querySelector(`.msg[data-seq="${at}"]`)
  if (!message) return
  message.scrollIntoView({ block: "center" })
  message.classList.add("is-found")
  if (window.Highlight) CSS.highlights.set("found", new Highlight(...rangesOf(message, wordsOf(text))))
}

function wordsOf(text) {
  const plain = text.replace(/[a-z]+:("[^"]*"?|\S+)/gi, " ")
  return plain.match(/[\p{L}\p{N}]+/gu) ?? []
}

function rangesOf(message, words) {
  if (!words.length) return []
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.join("|")})`, "giu")
  const ranges = []
  for (const bubble of message.querySelectorAll(".bubble")) {
    const nodes = document.createTreeWalker(bubble, NodeFilter.SHOW_TEXT)
    while (nodes.nextNode()) {
      for (const match of nodes.currentNode.data.matchAll(pattern)) {
        const range = new Range()
        range.setStart(nodes.currentNode, match.index)
        range.setEnd(nodes.currentNode, match.index + match[0].length)
        ranges.push(range)
      }
    }
  }
  return ranges
}
