import assert from "node:assert/strict"
import { afterEach, beforeEach, mock, test } from "node:test"
import { backoff, connect, decode } from "../../static/js/socket.js"

// A server as Engine.IO 4 speaks it, with the network in our hands.

let lines // every WebSocket that was opened, oldest first
let requests // every polling request
let socket

class Line {
  sent = []

  constructor(address) {
    this.address = address
    lines.push(this)
  }

  send(packet) {
    this.sent.push(packet)
  }

  close() {
    this.isClosed = true
  }
}

const later = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}
const tick = async (ms) => {
  mock.timers.tick(ms)
  await later()
}
const newest = () => lines.at(-1)
const receive = async (...packets) => {
  for (const data of packets) {
    newest().onmessage({ data })
    await later()
  }
}
const HELLO = '0{"sid":"s1","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":65536}'
const TAKEN = '40{"sid":"n1"}'

/** A client, and what it told the page. */
function open(options) {
  const heard = { events: [], states: [] }
  socket = connect({
    auth: { business_id: "b1" },
    onEvent: (name, payload) => heard.events.push([name, payload]),
    onState: (state, reason) => heard.states.push(reason ? `${state}: ${reason}` : state),
    ...options,
  })
  return heard
}

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] })
  lines = []
  requests = []
  globalThis.location = new URL("https://pingback.example/inbox/")
  globalThis.WebSocket = Line
  globalThis.document = new EventTarget()
  document.hidden = false
  const page = new EventTarget()
  globalThis.addEventListener = page.addEventListener.bind(page)
  globalThis.dispatchEvent = page.dispatchEvent.bind(page)
  globalThis.fetch = (address, { method, body, signal }) =>
    new Promise((resolve, reject) => {
      const answer = (text, ok = true) => resolve({ ok, text: async () => text })
      signal.addEventListener("abort", () => reject(signal.reason))
      requests.push({ address, method, body, answer, fail: () => reject(new TypeError("network")) })
    })
})

afterEach(() => {
  socket.close()
  mock.timers.reset()
})

test("packets are read with and without an id", () => {
  assert.deepEqual(decode('2["typing",{"is_typing":true}]'), { type: 2, id: "", data: ["typing", { is_typing: true }] })
  assert.deepEqual(decode("312[{}]"), { type: 3, id: 12, data: [{}] })
  assert.deepEqual(decode("1"), { type: 1, id: "", data: "" })
  socket = { close() {} }
})

test("waits grow, stay bounded, and differ", () => {
  assert.ok(backoff(0, 0) >= 250)
  assert.ok(backoff(3, 0) > backoff(1, 1))
  assert.ok(backoff(50, 1) <= 10_000) // somebody looks at it
  assert.ok(backoff(50, 1, 30_000) > 10_000)
  assert.notEqual(backoff(4, 0.1), backoff(4, 0.9))
  socket = { close() {} }
})

test("it shakes hands with what auth says, asked anew for each connection", async () => {
  let asked = 0
  const heard = open({ auth: async () => ({ business_id: "b1", visitor_key: `k${++asked}` }) })
  await receive(HELLO)
  assert.equal(newest().address, "wss://pingback.example/socket.io/?EIO=4&transport=websocket")
  assert.deepEqual(newest().sent, ['40{"business_id":"b1","visitor_key":"k1"}'])

  await receive(TAKEN)
  newest().onclose()
  await tick(1_000)
  await receive(HELLO)

  assert.deepEqual(newest().sent, ['40{"business_id":"b1","visitor_key":"k2"}'])
  assert.deepEqual(heard.states, ["connecting", "online", "offline"])
})

test("an ack resolves the emit that it answers", async () => {
  open()
  await receive(HELLO, TAKEN)
  const one = socket.emit("typing", { conversation_id: "c1", is_typing: true })
  const two = socket.emit("resume", { cursor: 7 })
  assert.deepEqual(newest().sent.slice(1), [
    '420["typing",{"conversation_id":"c1","is_typing":true}]',
    '421["resume",{"cursor":7}]',
  ])

  await receive('431[{"events":[],"cursor":7}]', "430[{}]")

  assert.deepEqual(await one, {})
  assert.deepEqual(await two, { events: [], cursor: 7 })
})

test("what was not answered is `offline` when the line breaks and `timeout` when it stays silent", async () => {
  const heard = open()
  assert.deepEqual(await socket.emit("typing"), { error: { code: "offline" } })
  await receive(HELLO, TAKEN)
  const cut = socket.emit("typing")
  newest().onclose()
  assert.deepEqual(await cut, { error: { code: "offline" } })

  await tick(1_000)
  await receive(HELLO, TAKEN)
  const late = socket.emit("typing")
  await tick(10_000)

  assert.deepEqual(await late, { error: { code: "timeout" } })
  assert.equal(heard.states.at(-1), "offline")
})

test("events come in order, a ping is answered, and an error in the page's own code cuts nothing", async () => {
  const heard = open()
  await receive(HELLO, TAKEN, '42["new_message",{"seq":1}]', "2", '42["new_message",{"seq":2}]')

  assert.deepEqual(heard.events, [
    ["new_message", { seq: 1 }],
    ["new_message", { seq: 2 }],
  ])
  assert.equal(newest().sent.at(-1), "3")
})

for (const reason of ["unauthorized", "unknown_business", "business_id_required", "origin_not_allowed"]) {
  test(`it does not come back after ${reason}`, async () => {
    const heard = open()
    await receive(HELLO, `44{"message":"${reason}"}`)
    await tick(120_000)

    assert.deepEqual(heard.states, ["connecting", `refused: ${reason}`])
    assert.equal(lines.length, 1)
    assert.deepEqual(await socket.emit("typing"), { error: { code: "offline" } })
  })
}

test("it does come back after too_many_connections", async () => {
  const heard = open()
  await receive(HELLO, '44{"message":"too_many_connections"}')
  assert.deepEqual(heard.states, ["connecting", "offline: too_many_connections"])

  await tick(1_000)

  assert.equal(lines.length, 2)
})

test("a server that falls silent is left", async () => {
  const heard = open()
  await receive(HELLO, TAKEN)

  await tick(44_000)
  assert.equal(heard.states.at(-1), "online")
  await tick(1_001)

  assert.equal(heard.states.at(-1), "offline")
  assert.ok(lines[0].isClosed)
})

test("a restarting server is left alone for as long as it asked", async () => {
  open()
  await receive(HELLO, TAKEN, '42["server_restart",{"retry_ms":8000}]')
  newest().onclose()
  await tick(7_900)
  assert.equal(lines.length, 1)

  await tick(600)

  assert.equal(lines.length, 2)
})

test("where WebSockets are blocked it polls, and packets keep their order", async () => {
  const heard = open()
  newest().onclose()
  await later()
  const [first] = requests
  assert.equal(first.address, "https://pingback.example/socket.io/?EIO=4&transport=polling")
  first.answer(HELLO)
  await later()
  const post = requests.find(({ method }) => method === "POST")
  assert.equal(post.body, '40{"business_id":"b1"}')
  assert.match(post.address, /&sid=s1$/)
  post.answer("ok")
  requests.findLast(({ method }) => method === "GET").answer(`${TAKEN}\x1e42["new_message",{"seq":1}]`)
  await later()

  socket.emit("typing", { n: 1 })
  socket.emit("typing", { n: 2 })
  socket.emit("typing", { n: 3 })
  await later()
  const posts = () => requests.filter(({ method }) => method === "POST").map(({ body }) => body)
  assert.deepEqual(posts().slice(1), ['420["typing",{"n":1}]'])
  requests.findLast(({ method }) => method === "POST").answer("ok")
  await later()

  assert.deepEqual(posts().slice(2), ['421["typing",{"n":2}]\x1e422["typing",{"n":3}]'])
  assert.deepEqual(heard.events, [["new_message", { seq: 1 }]])
  assert.deepEqual(heard.states, ["connecting", "online"])
})

test("a browser that is online again tries at once, one that is told to close never", async () => {
  const heard = open()
  await receive(HELLO, TAKEN)
  dispatchEvent(new Event("offline"))
  await later()
  assert.equal(heard.states.at(-1), "offline")

  dispatchEvent(new Event("online"))
  assert.equal(lines.length, 2)
  socket.close()
  await tick(60_000)

  assert.equal(lines.length, 2)
  assert.equal(heard.states.at(-1), "refused: closed")
})

for (const [what, act] of Object.entries({
  "is asked to": () => socket.retry(),
  "has something to send": () => socket.emit("typing"),
  "comes into view": () => document.dispatchEvent(new Event("visibilitychange")),
})) {
  test(`while it waits to try again, it tries at once when it ${what}`, async () => {
    open()
    await receive(HELLO, TAKEN)
    newest().onclose()
    await later()
    act()
    assert.equal(lines.length, 2)

    act() // it does already
    await receive(HELLO, TAKEN)
    act()

    assert.equal(lines.length, 2)
  })
}

test("who is asked to come back later is not hurried", async () => {
  open()
  await receive(HELLO, TAKEN, '42["server_restart",{"retry_ms":8000}]')
  newest().onclose()
  await later()

  socket.retry()

  assert.equal(lines.length, 1)
})

test("a page that nobody looks at tries less often", async () => {
  document.hidden = true
  mock.method(Math, "random", () => 1)
  open()
  for (const wait of [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    await receive(HELLO, '44{"message":"busy"}')
    await tick(wait - 1)
    const before = lines.length
    await tick(1)
    assert.equal(lines.length, before + 1, `after ${wait}`)
  }
  mock.restoreAll()
})

test("who is revoked is told why, and does not come back", async () => {
  const heard = open()
  await receive(HELLO, TAKEN, '42["revoked",{"reason":"visitor_ended"}]')
  newest().onclose()
  await tick(120_000)
  document.dispatchEvent(new Event("visibilitychange"))

  assert.deepEqual(heard.events, [["revoked", { reason: "visitor_ended" }]])
  assert.deepEqual(heard.states, ["connecting", "online", "refused: revoked"])
  assert.equal(lines.length, 1)
})
