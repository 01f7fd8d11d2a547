import assert from "node:assert/strict"
import { test } from "node:test"
import { List } from "../../frontend/widget/list.js"

const row = (id, seq = 1, more) => ({
  id,
  status: "open",
  unread: 0,
  last_message: { conversation_id: id, seq, ...more },
})
const ids = (list) => list.rows.map(({ id }) => id)
const nothing = () => 0

test("further pages stand below the first, also after that is asked for again", () => {
  const list = new List()
  list.take({ results: [row("a"), row("b")], next: "2" }, nothing)
  list.take({ results: [row("c"), row("d")], next: "3" }, nothing, "2")
  list.take({ results: [row("e")], next: null }, nothing, "3")
  assert.deepEqual(ids(list), ["a", "b", "c", "d", "e"])
  assert.equal(list.next, null)

  list.take({ results: [row("d", 2), row("a")], next: "2" }, nothing)

  assert.deepEqual(ids(list), ["d", "a", "b", "c", "e"])
  assert.equal(list.next, "2") // what came between the pages is not missed
})

test("a list of one page is what the server says", () => {
  const list = new List()
  list.take({ results: [row("a"), row("b")], next: null }, nothing)

  list.take({ results: [row("b")], next: null }, nothing)

  assert.deepEqual(ids(list), ["b"])
})

test("an answer that was long on its way takes back neither a message nor a change", () => {
  const list = new List()
  const old = { results: [row("a", 1, { content: "Tuesday" }), row("b")], next: null }
  list.take(old, nothing)
  list.of("a").last_message = { ...row("a").last_message, content: "Friday", edited_at: "2026-11-25T10:00:05Z" }
  list.note({ conversation_id: "b", seq: 2, sender_type: "agent" })

  list.take(old, nothing)

  assert.equal(list.of("a").last_message.content, "Friday")
  assert.equal(list.lastOf("b"), 2)
})
