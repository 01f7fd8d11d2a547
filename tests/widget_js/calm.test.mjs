import assert from "node:assert/strict"
import { test } from "node:test"

import { calmly } from "../../static/js/calm.js"

test("many calls are one run of the work, and those during it are one more", async () => {
  const runs = [] // how to end each
  const call = calmly(() => new Promise((resolve) => runs.push(resolve)), 0)
  const begun = async (count) => {
    while (runs.length < count) await new Promise((resolve) => setTimeout(resolve))
  }

  const all = call()
  for (let more = 0; more < 20; more++) call()
  await begun(1)
  for (let more = 0; more < 20; more++) call()
  assert.equal(runs.length, 1)
  runs[0]()
  await begun(2)
  runs[1]()
  await all
  assert.equal(runs.length, 2)
})
