import assert from "node:assert/strict"
import { test } from "node:test"

import { Arrival } from "../../static/js/arrival.js"

/** A conversation that comes when it is told to, and what was done. */
function setting() {
  const arrival = new Arrival()
  const done = []
  const coming = () => {
    let come
    arrival.of(new Promise((resolve) => (come = resolve)))
    return come
  }
  return { arrival, done, coming, act: (name) => () => done.push(name) }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

test("with nothing on its way what is done is done at once", () => {
  const { arrival, done, act } = setting()
  arrival.there(act("resolve"))()
  arrival.behind(act("next"))()
  assert.deepEqual(done, ["resolve", "next"])
})

test("what is done while one is on its way waits for it, and the next one behind that", async () => {
  const { arrival, done, coming, act } = setting()
  const come = coming()
  let comeNext
  arrival.there(act("resolve"))()
  arrival.behind(() => {
    done.push("next")
    comeNext = coming()
  })()
  arrival.there(act("resolve the next"))()
  assert.deepEqual(done, [])
  come(true)
  await settled()
  assert.deepEqual(done, ["resolve", "next"])
  comeNext(true)
  await settled()
  assert.deepEqual(done, ["resolve", "next", "resolve the next"])
})

test("going on does not wait for what is on its way", () => {
  const { arrival, done, coming, act } = setting()
  coming()
  arrival.behind(act("next"))()
  assert.deepEqual(done, ["next"])
})

test("what was meant for one that does not come is not done", async () => {
  const { arrival, done, coming, act } = setting()
  const come = coming()
  arrival.there(act("resolve"))()
  arrival.there(act("reply"), { writes: true })()
  assert.equal(arrival.willWrite, true)
  come(undefined)
  await settled()
  assert.deepEqual(done, [])
  assert.equal(arrival.willWrite, false)
  arrival.there(act("close"))()
  assert.deepEqual(done, ["close"])
})

test("who is about to write does so until the field is there", async () => {
  const { arrival, done, coming, act } = setting()
  const come = coming()
  arrival.there(act("reply"), { writes: true })()
  assert.equal(arrival.willWrite, true)
  come(true)
  await settled()
  assert.deepEqual(done, ["reply"])
  assert.equal(arrival.willWrite, false)
})

test("of several that are asked for the newest counts, in whatever order they come", async () => {
  const { arrival, done, coming, act } = setting()
  const comeFirst = coming()
  const comeSecond = coming()
  arrival.there(act("resolve"))()
  comeSecond(true)
  await settled()
  assert.deepEqual(done, ["resolve"])
  comeFirst(undefined)
  await settled()
  arrival.there(act("close"))()
  assert.deepEqual(done, ["resolve", "close"])
})

test("the end of one that nobody waits for any more takes nothing from the newest", async () => {
  const { arrival, done, coming, act } = setting()
  const comeFirst = coming()
  const comeSecond = coming()
  arrival.there(act("reply"), { writes: true })()
  comeFirst(undefined)
  await settled()
  assert.deepEqual(done, [])
  assert.equal(arrival.willWrite, true)
  comeSecond(true)
  await settled()
  assert.deepEqual(done, ["reply"])
})

test("what was meant for one is not done with another that is asked for instead", async () => {
  const { arrival, done, coming, act } = setting()
  coming()
  arrival.there(act("resolve"))()
  const come = coming()
  arrival.there(act("close"))()
  come(true)
  await settled()
  assert.deepEqual(done, ["close"])
})
