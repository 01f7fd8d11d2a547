// Beside the composer a text is as long as it is to the adapters (tests/channels_app/test_sms.py, test_x.py).

import assert from "node:assert/strict"
import { test } from "node:test"
import { segments, weight } from "../../static/js/lengths.js"

test("segments are counted as they are billed", () => {
  const counted = [
    "a".repeat(160),
    "a".repeat(161),
    "€".repeat(80),
    "é".repeat(161),
    "日".repeat(70),
    "日".repeat(71),
    "“hi”",
  ]
  assert.deepEqual(counted.map(segments), [1, 2, 1, 2, 1, 2, 1])
})

test("a post weighs what X says", () => {
  assert.equal(weight("Hello"), 5)
  assert.equal(weight("日本"), 4)
  assert.equal(weight("See https://shop.example.test/a/very/long/address/of/an/order"), 27)
})
