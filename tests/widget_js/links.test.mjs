import assert from "node:assert/strict"
import { test } from "node:test"
import { parts, shaped } from "../../frontend/widget/links.js"

const links = (text) => parts(text).filter(({ href }) => href)

test("the text of a message is never changed by finding its links", () => {
  for (const text of [
    "",
    "plain",
    "See https://acme.com.",
    "a@b.co, c@d.org!",
    "<b>https://x.example</b>",
    "line\nline",
  ]) {
    assert.equal(
      parts(text)
        .map((part) => part.text)
        .join(""),
      text,
    )
  }
})

test("addresses become links without the sentence's punctuation", () => {
  assert.deepEqual(links("See https://acme.com/a?b=1#c, (https://acme.com/x_(y)) or ben@acme.com."), [
    { text: "https://acme.com/a?b=1#c", href: "https://acme.com/a?b=1#c" },
    { text: "https://acme.com/x_(y)", href: "https://acme.com/x_(y)" },
    { text: "ben@acme.com", href: "mailto:ben@acme.com" },
  ])
})

test("nothing but http, https and mailto is ever a link", () => {
  for (const text of [
    "javascript:alert(1)",
    "JaVaScRiPt://acme.com/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "https://",
    "https://user:secret@acme.com/",
  ]) {
    for (const { href } of links(text)) assert.match(href, /^(https?:\/\/|mailto:)/, text)
  }
  assert.deepEqual(links("javascript:alert(1)"), [])
})

test("an address ends where a mark turns the direction of writing", () => {
  const text = "https://evil.example/\u202egnp.bank\u2066 and ben@acme.com\u200f"
  assert.deepEqual(
    links(text).map(({ text: shown }) => shown),
    ["https://evil.example/", "ben@acme.com"],
  )
  assert.equal(
    parts(text)
      .map((part) => part.text)
      .join(""),
    text,
  )
})

test("a very long run of characters is looked through in no time", () => {
  const started = performance.now()
  for (const text of [
    "a.".repeat(5_000),
    "a@".repeat(5_000),
    `https://${"(".repeat(9_000)}`,
    `https://a${")".repeat(9_000)}`,
  ])
    parts(text)
  assert.ok(performance.now() - started < 500)
})

test("words between signs that stand apart are bold, slanted or code, and nothing else is", () => {
  const shapes = (text) =>
    shaped(text)
      .filter(({ shape }) => shape)
      .map(({ shape, text }) => `${shape}:${text}`)
  assert.deepEqual(shapes("*Soon*, (_very_) `x = 1` **now** *a b*."), [
    "b:Soon",
    "i:very",
    "code:x = 1",
    "b:now",
    "b:a b",
  ])
  assert.deepEqual(shapes("*a* *b*"), ["b:a", "b:b"])
  for (const plain of ["2*3*4", "snake_case_name", "__init__.py", "* item * item", "*.txt *.md", "*a\nb*", "2 * 3 * 4"])
    assert.deepEqual(shaped(plain), [{ text: plain }])
  assert.equal(shaped("*a ".repeat(3000)).length, 1)
})
