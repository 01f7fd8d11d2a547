// Where people's words hold an address, and nothing but http, https and mailto.

// What stands before an @ has 64 characters at most: without that bound, a long run of letters is read again and again.
// Marks that turn the direction of writing end an address: with them it would read as another one.
const CANDIDATE =
  /\bhttps?:\/\/[^\s<>"\u200e\u200f\u202a-\u202e\u2066-\u2069]+|\b(?:mailto:)?[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+/gi
const SCHEMES = ["http:", "https:", "mailto:"]
const OPENS = { ")": "(", "]": "[" }

const count = (text, letter) => text.split(letter).length - 1

/** An address as people write it, without the sentence's own punctuation; a closing bracket stays if it was opened. */
function trimmed(text) {
  const spare = Object.fromEntries(
    Object.entries(OPENS).map(([close, open]) => [close, count(text, close) - count(text, open)]),
  )
  let end = text.length
  for (; end; end--) {
    const last = text[end - 1]
    if (last in OPENS ? spare[last]-- <= 0 : !/[.,;:!?'’*_~]/.test(last)) break
  }
  return text.slice(0, end)
}

function address(text) {
  try {
    const url = new URL(/^(https?:\/\/|mailto:)/i.test(text) ? text : `mailto:${text}`)
    return SCHEMES.includes(url.protocol) && !url.username && !url.password ? url.href : ""
  } catch {
    return ""
  }
}

/** "See https://acme.com." -> [{ text: "See " }, { text: "https://acme.com", href: "https://acme.com/" }, { text: "." }] */
export function parts(text) {
  const found = []
  let done = 0
  for (const { 0: match, index } of text.matchAll(CANDIDATE)) {
    const shown = trimmed(match)
    const href = address(shown)
    if (!href) continue
    if (index > done) found.push({ text: text.slice(done, index) })
    found.push({ text: shown, href })
    done = index + shown.length
  }
  if (done < text.length) found.push({ text: text.slice(done) })
  return found
}

// As pages of the team show it (pingback/templatetags/look.py).
const MARKED = /(^|[^\p{L}\p{N}*_`])(\*\*|[*_`])(?=[^\s*_`])([^\n]{0,500}?[^\s*_`])\2(?![\p{L}\p{N}*_`])/gu
const SHAPES = { "*": "b", "**": "b", _: "i", "`": "code" }

/** "So *soon*?" -> [{ text: "So " }, { text: "soon", shape: "b" }, { text: "?" }] */
export function shaped(text) {
  const found = []
  let done = 0
  for (const { 0: match, 1: before, 2: sign, 3: words, index } of text.matchAll(MARKED)) {
    const start = index + before.length
    if (start > done) found.push({ text: text.slice(done, start) })
    found.push({ text: words, shape: SHAPES[sign] })
    done = index + match.length
  }
  if (done < text.length) found.push({ text: text.slice(done) })
  return found
}
