import assert from "node:assert/strict"
import { test } from "node:test"
import { Thread } from "../../frontend/widget/thread.js"

const said = (seq, more) => ({ id: `m${seq}`, seq, content: `number ${seq}`, ...more })
const seqs = (thread) => thread.messages.map(({ seq }) => seq)

test("messages that arrive in any order stand in the server's order", () => {
  const thread = new Thread("c1")

  thread.add([said(3), said(1)])
  thread.add([said(2)])

  assert.deepEqual(seqs(thread), [1, 2, 3])
  assert.equal(thread.whole, 3)
})

test("a message that comes twice is shown once and is news once", () => {
  const thread = new Thread("c1")

  assert.equal(thread.add([said(1)]).length, 1)
  assert.equal(thread.add([said(1, { client_message_id: "mine" })]).length, 0)

  assert.deepEqual(seqs(thread), [1])
  assert.equal(thread.messages[0].client_message_id, "mine")
})

test("a hole is noticed, and gone once it is filled", () => {
  const thread = new Thread("c1")
  thread.add([said(4), said(5), said(8)])
  assert.deepEqual([thread.first, thread.whole, thread.last], [4, 5, 8])

  thread.add([said(6), said(7)])

  assert.equal(thread.whole, thread.last)
})

test("a thread owns what was written in it before it had an id, and what names its id", () => {
  const thread = new Thread(null, "new")
  assert.ok(thread.loaded)
  assert.ok(thread.owns({ thread: "new", conversation_id: null }))
  assert.ok(!thread.owns({ thread: "other", conversation_id: null }))

  thread.id = "c1"

  assert.ok(thread.owns({ thread: "other", conversation_id: "c1" }))
})
