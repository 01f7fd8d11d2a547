// What may be inserted where one writes: saved replies behind a slash, colleagues behind an @ of a note.

import { ask } from "./fragment.js"

const MOST = 8
const FRESH_MS = 20_000

/**
 * isNote(): whether it is the team that reads it. Returns blankIn(words): what a saved reply has for something that is not
 * known and stands there still, "" for nothing, however the words came there; and choose(blank).
 */
export function enhanceSuggest(form, isNote) {
  const text = form.elements.content
  const list = form.querySelector("[data-suggest]")
  const known = new Map() // address -> {at, entries}
  let token = null // what is typed: {start, word, entries}
  let chosen = 0
  const blanks = new Set()

  async function entriesOf(address, read) {
    const kept = known.get(address)
    if (kept && Date.now() - kept.at < FRESH_MS) return kept.entries
    const answer = await ask(address).catch(() => null) // then nothing is offered
    const entries = answer ? read(await answer.json()) : []
    known.set(address, { at: Date.now(), entries })
    return entries
  }

  const replies = () =>
    entriesOf(form.dataset.replies, ({ results }) =>
      results.map(({ shortcut, content, blanks }) => ({
        title: `/${shortcut}`,
        more: content,
        words: content,
        blanks,
      })),
    )
  const people = () =>
    entriesOf("/inbox/people/?full", (names) =>
      Object.values(names).map((name) => ({ title: `@${name}`, more: "", words: `@${name} ` })),
    )

  async function look() {
    const before = text.value.slice(0, text.selectionStart)
    const [, word] = before.match(isNote() ? /(?:^|\s)(@[^\n@]{0,40})$/ : /(?:^|\s)(\/[\p{L}\p{N}_-]{0,40})$/u) ?? []
    if (word === undefined || text.selectionStart !== text.selectionEnd) return close()
    const asked = { start: before.length - word.length, word }
    token = asked
    const all = await (isNote() ? people() : replies())
    if (token !== asked) return // something else is typed by now
    const wanted = word.toLocaleLowerCase()
    asked.entries = all.filter(({ title }) => title.toLocaleLowerCase().startsWith(wanted)).slice(0, MOST)
    if (!asked.entries.length) return close()
    chosen = 0
    show()
  }

  function show() {
    list.replaceChildren(
      ...token.entries.map(({ title, more }, number) => {
        const item = document.createElement("li")
        item.className = "menu-item"
        item.id = `suggest-${number}`
        item.role = "option"
        item.ariaSelected = String(number === chosen)
        const words = document.createElement("span")
        words.className = "cut"
        words.dir = "auto"
        const name = document.createElement("b")
        name.textContent = title
        words.append(name, ` ${more}`)
        item.append(words)
        return item
      }),
    )
    list.hidden = false
    text.setAttribute("aria-activedescendant", `suggest-${chosen}`)
    list.children[chosen].scrollIntoView({ block: "nearest" })
  }

  function close() {
    token = null
    list.hidden = true
    list.replaceChildren()
    text.removeAttribute("aria-activedescendant")
  }

  function insert(number) {
    const { start, entries } = token
    const { words, blanks: its = [] } = entries[number]
    for (const blank of its) blanks.add(blank)
    text.setRangeText(words, start, text.selectionStart, "end")
    close()
    text.focus()
    text.dispatchEvent(new Event("input", { bubbles: true }))
    if (its.length) choose(its[0])
  }

  /** What one types then stands in its place. */
  function choose(blank) {
    const at = text.value.indexOf(blank)
    text.setSelectionRange(at, at + blank.length)
  }

  text.addEventListener("input", look)
  text.addEventListener("blur", () => setTimeout(() => document.activeElement === text || close(), 150)) // a click on an entry comes first
  text.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing || event.ctrlKey || event.metaKey) return
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step) {
      chosen = (chosen + step + token.entries.length) % token.entries.length
      show()
    } else if (event.key === "Enter" || event.key === "Tab") insert(chosen)
    else if (event.key === "Escape") close()
    else return
    event.preventDefault()
    event.stopImmediatePropagation()
  })
  list.addEventListener("pointerdown", (event) => {
    const item = event.target.closest("li")
    if (!item) return
    event.preventDefault()
    insert([...list.children].indexOf(item))
  })

  async function blankIn(words) {
    // What was inserted before the page came, or in another tab, is in the draft.
    const offered = words.includes("[") ? await replies() : []
    for (const { blanks: its } of offered) for (const blank of its) blanks.add(blank)
    return [...blanks].find((blank) => words.includes(blank)) ?? ""
  }

  return { choose, blankIn }
}
