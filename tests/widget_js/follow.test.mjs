import assert from "node:assert/strict"
import { afterEach, beforeEach, mock, test } from "node:test"
import { Follow } from "../../static/js/follow.js"

// The server has `stored`; each question for what is behind a number goes through `answer`.

let stored
let answer
let asked
let taken
let anew

const news = (...seqs) => seqs.map((seq) => ({ seq }))
const behind = (at, most = 500) => {
  const found = stored.filter(({ seq }) => seq > at)
  return { events: found.slice(0, most), cursor: found.slice(0, most).at(-1)?.seq ?? at, more: found.length > most }
}

const follow = (at) =>
  new Follow({
    at,
    ask: async (from) => {
      asked.push(from)
      return answer(from)
    },
    take: (some, live) => taken.push(...some.map(({ seq }) => (live ? seq : -seq))),
    anew: () => anew++,
  })
const later = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}
const tick = async (ms) => {
  mock.timers.tick(ms)
  await later()
}

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] })
  stored = news(1, 2, 3, 4, 5, 6, 7, 8, 9)
  asked = []
  taken = []
  anew = 0
  answer = behind
})

afterEach(() => mock.timers.reset())

test("what comes one after the other is taken, and nobody is asked", async () => {
  const feed = follow(3)

  for (const each of news(4, 5, 6)) feed.hear(each)
  await tick(60_000)

  assert.deepEqual(taken, [4, 5, 6])
  assert.deepEqual(asked, [])
  assert.equal(feed.at, 6)
})

test("a double, and what is older, is dropped", () => {
  const feed = follow(3)

  for (const each of news(4, 4, 2, 6, 6)) feed.hear(each)

  assert.deepEqual(taken, [4, 6])
})

test("events that overtake each other are no loss", async () => {
  const feed = follow(3)

  for (const each of news(5, 6, 4)) feed.hear(each)
  await tick(60_000)

  assert.deepEqual(taken, [5, 6, 4])
  assert.equal(feed.at, 6)
  assert.deepEqual(asked, [])
})

test("a hole is asked for after a moment, once, and only what is missing is taken", async () => {
  const feed = follow(3)
  stored = news(1, 2, 3, 4, 5, 6)

  feed.hear({ seq: 6 })
  await tick(200)
  assert.deepEqual(asked, [])
  await tick(60_000)

  assert.deepEqual(asked, [3])
  assert.deepEqual(taken, [6, -4, -5])
  assert.equal(feed.at, 6)
})

test("it asks until there is no more", async () => {
  const feed = follow(0)
  answer = (at) => behind(at, 4)

  await feed.catchUp()

  assert.deepEqual(asked, [0, 4, 8])
  assert.deepEqual(taken, [-1, -2, -3, -4, -5, -6, -7, -8, -9])
})

test("what happens while it asks is asked for once more, and taken once", async () => {
  const feed = follow(5)
  answer = (at) => {
    if (asked.length === 1) {
      feed.hear({ seq: 9 })
      feed.catchUp()
      return { events: news(6), cursor: 6, more: false }
    }
    return behind(at)
  }

  await Promise.all([feed.catchUp(), feed.catchUp()])

  assert.deepEqual(asked, [5, 6])
  assert.deepEqual(taken, [9, -6, -7, -8])
  assert.equal(feed.at, 9)
})

test("without a place it asks where it is, and goes on from there", async () => {
  const feed = follow(undefined)
  answer = (at) => (at === undefined ? { events: [], cursor: 9, more: false } : behind(at))
  feed.hear({ seq: 9 })

  await feed.catchUp()
  feed.hear({ seq: 10 })

  assert.deepEqual(taken, [9, 10])
  assert.equal(feed.at, 10)
})

test("when too much is missing everything is fetched anew, and it goes on behind that", async () => {
  const feed = follow(2)
  answer = () => ({ resync: true, cursor: 9 })

  await feed.catchUp()
  for (const each of news(9, 10)) feed.hear(each)

  assert.equal(anew, 1)
  assert.deepEqual(taken, [10])
})

test("an answer that brings nothing new is not asked for again", async () => {
  const feed = follow(2)
  answer = () => ({ events: news(1, 2), cursor: 2, more: true })

  await feed.catchUp()

  assert.deepEqual(asked, [2])
})

test("a server that has no time is asked again; without a line the next connection does it", async () => {
  const feed = follow(7)
  answer = () => ({ error: { code: "busy" } })
  await feed.catchUp()
  answer = () => ({ error: { code: "offline" } })
  await tick(10_000)
  await tick(60_000)
  assert.equal(asked.length, 2)

  answer = behind
  await feed.catchUp()

  assert.deepEqual(taken, [-8, -9])
})

test("visitors' answers are read the same way", async () => {
  const feed = follow(1)
  answer = () => ({ messages: news(2, 3), seq: 3, more: false })

  await feed.catchUp()

  assert.deepEqual([taken, feed.at], [[-2, -3], 3])
})

test("lost, doubled and disordered in any way, it ends with everything once", async () => {
  let state = 42
  const random = (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return (state >> 16) % below // the low bits of such a sequence soon repeat
  }
  for (let round = 0; round < 200; round++) {
    stored = []
    taken = []
    asked = []
    const feed = follow(0)
    const onTheWay = []
    answer = (at) => (random(4) ? behind(at, 1 + random(5)) : { error: { code: random(2) ? "busy" : "offline" } })
    for (let seq = 1; seq <= 30; seq++) {
      stored.push({ seq })
      for (let copy = random(3); copy > 0; copy--) onTheWay.splice(random(onTheWay.length + 1), 0, { seq })
      if (random(2) && onTheWay.length) feed.hear(onTheWay.shift())
      if (!random(5)) await tick(400)
    }
    while (feed.at < 30) {
      await feed.catchUp()
      await tick(10_000)
    }
    assert.deepEqual(
      taken.map(Math.abs).sort((one, other) => one - other),
      stored.map(({ seq }) => seq),
    )
  }
})

test("those who were refused in the same moment come back in different ones", async () => {
  const back = new Set()
  const random = mock.method(Math, "random")
  for (const [at, one] of [0, 0.5, 0.99].entries()) {
    random.mock.mockImplementation(() => one)
    const feed = new Follow({ at: 7, ask: async () => (asked.push(at), { error: { code: "busy" } }), take() {} })
    await feed.catchUp()
  }
  for (let second = 0; second < 10; second++) {
    const before = asked.length
    await tick(1_000)
    if (asked.length > before) back.add(second)
  }
  random.mock.restore()

  assert.equal(back.size, 3)
})
