import assert from "node:assert/strict"
import { test } from "node:test"
import { setImmediate as settled } from "node:timers/promises"
import { Outbox } from "../../frontend/widget/outbox.js"

/** An outbox over a server that gives these answers in turn, and a storage that outlives it. */
function setUp({ answers = [], storage = {} } = {}) {
  const asked = []
  const sent = []
  const outbox = new Outbox({
    send: async (item) => {
      asked.push({ id: item.id, to: item.conversation_id })
      return answers.length ? answers.shift() : { conversation_id: "c1", message: {} }
    },
    keep: (name, text) => {
      if (text === null) delete storage[name]
      else storage[name] = text
    },
    sent: (item) => sent.push(item.id),
    changed: () => {},
  })
  return { outbox, asked, sent, storage }
}
const item = (id, more) => ({ id, content: `words of ${id}`, thread: "t", conversation_id: null, ...more })
const offline = { error: { code: "offline" } }

test("what is sent is forgotten, what is not stays in the storage", async () => {
  const { outbox, storage } = setUp({ answers: [{ conversation_id: "c1" }, offline] })

  outbox.add(item("one"))
  outbox.add(item("two"))
  await settled()

  assert.deepEqual(Object.keys(storage), ["outbox:two"])
})

test("the messages of a new conversation go one by one, and follow the first one there", async () => {
  const { outbox, asked, sent } = setUp()

  outbox.add(item("one"))
  outbox.add(item("two"))
  await settled()

  assert.deepEqual(asked, [
    { id: "one", to: null },
    { id: "two", to: "c1" },
  ])
  assert.deepEqual(sent, ["one", "two"])
})

test("what is not of our shape is dropped, and takes nothing of ours along", async () => {
  const storage = {
    "outbox:null": "null",
    "outbox:number": '{"id":"number","content":5,"at":1}',
    "outbox:5": '{"id":5,"content":{},"at":2}',
    "outbox:time": '{"id":"time","content":"Hello","at":"x"}',
    "outbox:far": '{"id":"far","content":"Hello","at":1e300}',
    "outbox:files": '{"id":"files","content":"","files":[null],"at":3}',
    "outbox:other": '{"id":"another","content":"Hello","at":4}',
    "outbox:good": '{"id":"good","content":"Hello","thread":"t","conversation_id":null,"at":5}',
  }
  const { outbox, sent } = setUp({ storage })

  outbox.restore({ ...storage })
  assert.deepEqual(Object.keys(storage), ["outbox:good"])
  await outbox.flush()

  assert.deepEqual(sent, ["good"])
})

test("after a reload everything unsent goes out in the order in which it was written, under the same ids", async () => {
  const before = setUp({ answers: [offline, offline, offline] })
  for (const id of ["c", "a", "b"]) before.outbox.add(item(id))
  await settled()

  const after = setUp({ storage: before.storage })
  after.outbox.restore({ ...before.storage, key: "v1.x.y", "outbox:broken": "{" })
  await after.outbox.flush()

  assert.deepEqual(after.sent, ["c", "a", "b"])
  assert.deepEqual(after.storage, {})
})

test("what was restored twice is there once", () => {
  const { outbox } = setUp()
  const kept = { "outbox:one": JSON.stringify(item("one", { at: 1 })) }

  outbox.restore(kept)
  outbox.restore(kept)

  assert.equal(outbox.items.length, 1)
})

test("what another page writes comes in by its time, goes out with the next reason to, and is known to be new", async () => {
  const { outbox, sent } = setUp({ answers: [offline, offline] })
  outbox.add(item("mine"))
  await settled()
  const [{ at }] = outbox.items
  const theirs = item("theirs", { at: at - 1 })

  const kept = { "outbox:theirs": JSON.stringify(theirs), "outbox:sent": null }
  assert.deepEqual(outbox.restore(kept), [theirs])
  assert.deepEqual(outbox.restore(kept), [])
  await outbox.flush()
  await outbox.flush()

  assert.deepEqual(sent, ["theirs", "mine"])
})

/** Two pages over one storage; each is told at once what the other one stores. */
function twoPages(answers) {
  const storage = {}
  const [one, other] = [setUp({ answers, storage }), setUp({ storage })]
  for (const [from, to] of [
    [one, other],
    [other, one],
  ]) {
    const { keep } = from.outbox
    from.outbox.keep = (name, text) => {
      if ((storage[name] ?? null) === text) return // as storage events have it
      keep(name, text)
      if (text === null) to.outbox.items = to.outbox.items.filter(({ id }) => name !== `outbox:${id}`)
      to.outbox.restore({ [name]: text })
    }
  }
  return [one, other]
}

test("what one page has begun goes on there from another one", async () => {
  const [one, other] = twoPages([offline, { conversation_id: "c9" }, offline])
  one.outbox.add(item("first"))
  one.outbox.add(item("second"))
  await settled()

  await one.outbox.flush() // the first gets through, then its line breaks
  await other.outbox.flush()

  assert.deepEqual(one.sent, ["first"])
  assert.deepEqual(other.asked, [{ id: "second", to: "c9" }])
})

test("what one page has taken up, or been refused, another one knows; what that knows itself stays", async () => {
  const [one, other] = twoPages([offline])
  one.outbox.add(item("it", { files: [{ name: "a.png" }, { name: "b.png" }] }))
  await settled()
  const [ours] = one.outbox.items
  const [theirs] = other.outbox.items
  theirs.away = true

  ours.files[0].url = "/a"
  one.outbox.store(ours)
  assert.deepEqual(theirs.files, [{ name: "a.png", url: "/a" }, { name: "b.png" }])

  ours.files[1].url = "/b"
  other.outbox.store(theirs)
  assert.deepEqual(
    ours.files.map(({ url }) => url),
    ["/a", "/b"],
  )
  assert.equal(ours.away, undefined)

  one.outbox.stop({ code: "refused" })
  assert.equal(theirs.error.code, "refused")
  ours.error = ours.files = undefined // the words go by themselves
  one.outbox.store(ours)
  assert.deepEqual([theirs.error, theirs.files], [undefined, undefined])
})

test("a page that is gone leaves nothing to another page for ever", () => {
  const { outbox, storage } = setUp()

  outbox.store(item("it", { away: true }))

  assert.ok(!("away" in JSON.parse(storage["outbox:it"])))
})

test("a refusal waits for a person and does not hold up the others; a retry goes last", async () => {
  const refusal = { error: { code: "invalid", detail: "At most 10,000 characters." } }
  const { outbox, sent } = setUp({ answers: [refusal] })

  outbox.add(item("bad"))
  outbox.add(item("good"))
  await settled()
  assert.deepEqual(sent, ["good"])
  assert.equal(outbox.items[0].error.detail, "At most 10,000 characters.")

  outbox.retry(outbox.items[0])
  await settled()

  assert.deepEqual(sent, ["good", "bad"])
  assert.deepEqual(outbox.items, [])
})

test("a refused message that the visitor removes is forgotten", async () => {
  const { outbox, storage } = setUp({ answers: [{ error: { code: "invalid" } }] })
  outbox.add(item("bad"))
  await settled()

  outbox.remove(outbox.items[0])

  assert.deepEqual([outbox.items, storage], [[], {}])
})

test("too fast: the same message goes again when the server said, before any later one", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] })
  const { outbox, sent } = setUp({ answers: [{ error: { code: "rate_limited", retry_after: 3 } }] })
  outbox.add(item("one"))
  outbox.add(item("two"))
  await settled()
  assert.deepEqual(sent, [])

  context.mock.timers.tick(3000)
  await settled()

  assert.deepEqual(sent, ["one", "two"])
})

test("a server that has no time and four answers that never come give nothing up, and nobody overtakes", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] })
  const [busy, timeout] = [{ error: { code: "busy" } }, { error: { code: "timeout" } }]
  const { outbox, sent, asked } = setUp({ answers: [busy, timeout, busy, timeout, busy, timeout, busy, timeout, busy] })
  outbox.add(item("one"))
  outbox.add(item("two"))

  for (let times = 0; times < 9; times++) {
    await settled()
    assert.deepEqual(sent, [])
    context.mock.timers.tick(60_000)
    outbox.flush() // as with a new connection
  }
  await settled()

  assert.deepEqual(sent, ["one", "two"])
  assert.equal(asked.filter(({ id }) => id === "one").length, 10)
})

test("five answers that never come wait for a person, and the next message goes", async () => {
  const { outbox, sent, storage } = setUp({ answers: Array(5).fill({ error: { code: "timeout" } }) })
  outbox.add(item("one"))
  outbox.add(item("two", { thread: "other" }))

  for (let times = 0; times < 4; times++) {
    await settled()
    assert.deepEqual(sent, [])
    outbox.flush()
  }
  await settled()

  assert.deepEqual(sent, ["two"])
  assert.equal(JSON.parse(storage["outbox:one"]).error.code, "timeout")
})

test("what is taken back while it is on its way holds up nothing, and is not remembered", async () => {
  const { outbox, sent, storage } = setUp()
  let refuse
  const { send } = outbox
  outbox.send = (each) => (each.id === "file" ? new Promise((resolve) => (refuse = resolve)) : send(each))
  outbox.add(item("file"))
  outbox.add(item("words"))
  await settled()

  outbox.remove(outbox.items[0])
  refuse({ error: { code: "busy" } })
  await settled()

  assert.deepEqual([sent, outbox.items, storage], [["words"], [], {}])
})

test("an error of the page that shows it holds up nothing", async () => {
  const { outbox, asked, storage } = setUp()
  const errors = []
  globalThis.reportError = (error) => errors.push(error.message)
  const fail = () => {
    throw new Error("cannot show it")
  }
  outbox.sent = fail
  outbox.changed = fail

  outbox.add(item("one"))
  outbox.add(item("two"))
  await settled()

  assert.deepEqual(
    asked.map(({ id }) => id),
    ["one", "two"],
  )
  assert.deepEqual([outbox.items, storage], [[], {}])
  assert.ok(errors.every((message) => message === "cannot show it") && errors.length >= 4)
})

test("a send that breaks is tried again with the next reason to", async () => {
  const { outbox, sent } = setUp()
  const { send } = outbox
  outbox.send = async () => {
    throw new Error("broke")
  }
  outbox.items.push(item("one"))
  await assert.rejects(outbox.flush(), /broke/)
  outbox.send = send

  await outbox.flush()

  assert.deepEqual(sent, ["one"])
})

test("what a visitor wrote who is none any more waits for a person, after a reload, too", async () => {
  const { outbox, storage } = setUp({ answers: [offline] })
  outbox.add(item("one"))
  await settled()
  outbox.stop({ code: "visitor_ended", detail: "This chat is not available right now." })

  const after = setUp({ storage })
  after.outbox.restore({ ...storage })
  await after.outbox.flush()

  assert.deepEqual(after.asked, [])
  assert.equal(after.outbox.items[0].error.code, "visitor_ended")
})
