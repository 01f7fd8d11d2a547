import assert from "node:assert/strict"
import { test } from "node:test"
import { contrast, readable, textOn } from "../../frontend/widget/colour.js"

const COLOURS = ["#7650FF", "#0f5f59", "#ffe600", "#f00", "#808080", "#ffffff", "#000000", "#e91e63", "#00bcd4"]
const SURFACES = ["#ffffff", "#f2f2f6", "#17181f", "#24262f"]

test("black on white is 21, a colour on itself 1", () => {
  assert.equal(contrast("#000", "#ffffff"), 21)
  assert.equal(contrast("#7650FF", "#7650ff"), 1)
})

test("what stands on a brand colour reads, whatever the colour is", () => {
  for (const colour of COLOURS) assert.ok(contrast(colour, textOn(colour)) >= 4.5, colour)
  assert.equal(textOn("#7650FF"), "#ffffff")
  assert.equal(textOn("#ffe600"), "#000000")
})

test("a brand colour used as text reads on every surface of the widget", () => {
  for (const colour of COLOURS) {
    for (const surface of SURFACES)
      assert.ok(contrast(readable(colour, surface), surface) >= 4.5, `${colour} on ${surface}`)
  }
})

test("what is no colour ends, too", () => {
  assert.doesNotThrow(() => readable(["#fff"], "#ffffff"))
})

test("a colour that reads already is left alone", () => {
  assert.equal(readable("#5a33dd", "#ffffff"), "#5a33dd")
})
