import assert from "node:assert/strict"
import { afterEach, beforeEach, mock, test } from "node:test"
import { Marks } from "../../static/js/marks.js"

let sent
let answer
let marks

const said = (seq, more) => ({ id: `m${seq}`, conversation_id: "c1", seq, ...more })
const tick = async (ms) => {
  mock.timers.tick(ms)
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] })
  sent = []
  answer = () => ({})
  marks = new Marks(async (event, { message_id }) => {
    sent.push(`${event} ${message_id}`)
    return answer()
  })
})

afterEach(() => mock.timers.reset())

test("a burst is one mark, of the newest message", async () => {
  for (const seq of [1, 3, 2]) marks.delivered(said(seq))
  assert.deepEqual(sent, [])
  await tick(1_000)

  assert.deepEqual(sent, ["mark_delivered m3"])
})

test("each conversation has its own, and so has each kind", async () => {
  marks.delivered(said(1))
  marks.read(said(1))
  marks.delivered(said(5, { conversation_id: "c2" }))
  await tick(1_000)

  assert.deepEqual(sent, ["mark_delivered m1", "mark_read m1", "mark_delivered m5"])
})

test("what the server has is not said again", async () => {
  marks.read(said(2))
  await tick(1_000)
  for (const message of [said(2), said(1), said(3, { read_at: "2026-11-25T10:00:00Z" })]) marks.read(message)
  await tick(60_000)

  assert.deepEqual(sent, ["mark_read m2"])
})

test("what a break kept from the server is said at the next connection", async () => {
  answer = () => ({ error: { code: "offline" } })
  marks.read(said(2))
  await tick(60_000)
  assert.equal(sent.length, 1)
  answer = () => ({})

  await marks.flush()
  await marks.flush()

  assert.deepEqual(sent, ["mark_read m2", "mark_read m2"])
})

test("too fast for the server is said later; what it refuses for good is not", async () => {
  answer = () => ({ error: { code: "rate_limited", retry_after: 1 } })
  marks.read(said(2))
  await tick(1_000)
  answer = () => ({ error: { code: "not_found" } })
  await tick(10_000)
  await tick(60_000)

  assert.deepEqual(sent, ["mark_read m2", "mark_read m2"])
})

test("a newer one while the last is on its way is said after it", async () => {
  let settle
  answer = () => new Promise((resolve) => (settle = () => resolve({})))
  marks.delivered(said(1))
  await tick(1_000)
  marks.delivered(said(2))
  answer = () => ({})
  settle()
  await tick(1_000)
  await tick(1_000)

  assert.deepEqual(sent, ["mark_delivered m1", "mark_delivered m2"])
})

test("one that comes while another conversation's is slow is said in the end", async () => {
  const settle = []
  answer = () => new Promise((resolve) => settle.push(() => resolve({})))
  const inOther = { ...said(1), conversation_id: "other", id: "o1" }
  marks.delivered(said(1))
  marks.delivered(inOther)
  await tick(1_000) // m1 is on its way
  marks.delivered(said(2))
  settle[0]()
  await tick(1_000) // o1 is, when the time for m2 comes
  answer = () => ({})
  settle[1]()
  await tick(1_000)
  await tick(1_000)

  assert.deepEqual(sent, ["mark_delivered m1", "mark_delivered o1", "mark_delivered m2"])
})

test("whatever else the server refuses is said again: it may be a colleague's refusal, or pass", async () => {
  answer = () => ({ error: { code: "forbidden" } })
  marks.delivered(said(2))
  await tick(1_000)
  answer = () => ({})
  await tick(5_000)
  await tick(60_000)

  assert.deepEqual(sent, ["mark_delivered m2", "mark_delivered m2"])
})

test("a line that breaks with an error stops nothing", async () => {
  answer = () => {
    throw new Error("no line yet")
  }
  marks.read(said(2))
  mock.timers.reset()
  await assert.rejects(marks.flush(), /no line yet/)
  answer = () => ({})

  await marks.flush()

  assert.deepEqual(sent, ["mark_read m2", "mark_read m2"])
})
