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
})

test("a message that comes twice is shown once and is news once", () => {
  const thread = new Thread("c1")

  assert.equal(thread.add([said(1)]).length, 1)
  assert.equal(thread.add([said(1, { client_message_id: "mine" })]).length, 0)

  assert.deepEqual(seqs(thread), [1])
  assert.equal(thread.messages[0].client_message_id, "mine")
})

test("the team's receipts count for all of ours up to theirs, in whatever order they come", () => {
  const thread = new Thread("c1")
  const ours = [1, 2, 3].map((seq) => said(seq, { sender_type: "customer" }))

  thread.reached("read", 1)
  thread.reached("delivered", 2)
  thread.reached("delivered", 1)
  thread.add(ours)

  assert.deepEqual(
    ours.map((message) => thread.stateOf(message)),
    ["read", "delivered", "sent"],
  )
})

test("a message that comes with its receipts says them, and an older copy takes nothing back", () => {
  const thread = new Thread("c1")
  const ours = said(1, { sender_type: "customer", delivered_at: "2026-11-25T10:00:00Z", read_at: null })

  thread.add([ours])
  thread.add([{ ...ours, delivered_at: null }])
  thread.add([said(2, { sender_type: "agent", read_at: "2026-11-25T10:00:00Z" })])

  assert.equal(thread.stateOf(ours), "delivered")
})

test("a thread owns what was written in it before it had an id, and what names its id", () => {
  const thread = new Thread(null, "new")
  assert.ok(thread.loaded)
  assert.ok(thread.owns({ thread: "new", conversation_id: null }))
  assert.ok(!thread.owns({ thread: "other", conversation_id: null }))

  thread.id = "c1"

  assert.ok(thread.owns({ thread: "other", conversation_id: "c1" }))
})

test("a change that was heard is not taken back by an answer that was longer on its way", () => {
  const thread = new Thread("c1")
  const before = said(1, { content: "Tuesday", edited_at: null, deleted_at: null })
  const after = { ...before, content: "Friday", edited_at: "2026-11-25T10:00:05Z" }
  const gone = { ...after, content: "", deleted_at: "2026-11-25T10:00:05Z" }
  const content = () => thread.messages[0].content

  thread.rewrite(after) // the answer that brings the message is not here yet
  assert.equal(thread.add([before]).length, 1)
  assert.equal(content(), "Friday")
  thread.add([before])
  assert.equal(content(), "Friday")
  thread.rewrite(gone)
  thread.add([after])
  assert.equal(content(), "")
})

test("two changes within a second: what is heard last counts", () => {
  const thread = new Thread("c1")
  const first = said(1, { content: "Tuesday", edited_at: "2026-11-25T10:00:05Z" })

  thread.add([first])
  thread.rewrite({ ...first, content: "Friday" })

  assert.equal(thread.messages[0].content, "Friday")
})
