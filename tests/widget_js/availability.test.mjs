import assert from "node:assert/strict"
import { after, before, mock, test } from "node:test"

// What the frame has: the language of its page, and of its browser.
globalThis.document = { documentElement: { lang: "en" } }
globalThis.navigator ??= { languages: [] }
const { presence } = await import("../../frontend/widget/availability.js")

// A Thursday; the tests run in any time zone, so moments are made of the clock's own.
const NOW = new Date(2026, 10, 26, 18, 0)
const at = (days, hours) => new Date(2026, 10, 26 + days, hours, 0).toISOString()

const texts = {
  away: "Away",
  backOn: ({ day, time }) => `${day} ${time}`,
  backToday: ({ time }) => `today ${time}`,
  backTomorrow: ({ time }) => `tomorrow ${time}`,
  online: "Online",
  replies: { hour: "within an hour" },
}
const open = { is_open: true, is_online: false, changes_at: null, reply_time: null }
const closed = { ...open, is_open: false }

before(() => mock.timers.enable({ apis: ["Date"], now: NOW }))
after(() => mock.timers.reset())

test("somebody who is there is said with how soon an answer comes", () => {
  assert.deepEqual(presence({ ...open, is_online: true, reply_time: "hour" }, texts), {
    state: "online",
    text: "Online · within an hour",
    short: "Online",
  })
  assert.deepEqual(presence({ ...open, is_online: null, reply_time: "hour" }, texts), {
    state: "open",
    text: "within an hour",
    short: "within an hour",
  })
})

test("nothing is said where nothing is known", () => {
  assert.equal(presence(open, texts).text, "")
})

test("a closed chat says when it opens, on the visitor's own calendar", () => {
  assert.match(presence({ ...closed, changes_at: at(0, 20) }, texts).text, /^today (20:00|8:00\sPM)$/)
  assert.match(presence({ ...closed, changes_at: at(1, 9) }, texts).text, /^tomorrow 0?9:00/)
  assert.match(presence({ ...closed, changes_at: at(4, 9) }, texts).text, /^Monday 0?9:00/)
  assert.equal(presence(closed, texts).text, "Away")
})
