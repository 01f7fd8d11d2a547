import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { spoken } from "../../frontend/widget/speak.js"

const folder = new URL("../../frontend/widget/languages/", import.meta.url)
const read = (code) => JSON.parse(readFileSync(new URL(`${code}.json`, folder), "utf8"))
const codes = readdirSync(folder).map((name) => name.replace(".json", ""))
const english = read("en")

/** Every text of a catalogue by its way there; plural forms are one entry. */
function entries(group, way = "") {
  return Object.entries(group).flatMap(([name, each]) =>
    typeof each === "string" || each.other ? [[`${way}${name}`, each]] : entries(each, `${way}${name}.`),
  )
}
const names = (text) => (text.match(/\{\w+\}/g) ?? []).sort()

test("the chat speaks ten languages and more, two of them from right to left", () => {
  assert.ok(codes.length > 10)
  assert.deepEqual(
    codes.filter((code) => read(code).direction === "rtl"),
    ["ar", "he"],
  )
})

for (const code of codes) {
  test(`${code} says everything, with every form of its numbers and every name in its place`, () => {
    const theirs = new Map(entries(read(code)))
    const forms = new Intl.PluralRules(code).resolvedOptions().pluralCategories.sort()
    assert.deepEqual([...theirs.keys()].sort(), [...new Map(entries(english)).keys()].sort())
    for (const [way, text] of entries(english)) {
      const said = theirs.get(way)
      if (typeof text === "string") {
        assert.ok(said.trim(), way)
        assert.deepEqual(names(said), names(text), way)
        continue
      }
      assert.deepEqual(Object.keys(said).sort(), forms, way)
      const known = names(text.other)
      for (const form of Object.values(said)) {
        // "one file" and "no file" need no digit.
        assert.deepEqual(
          known.filter((name) => name === "{count}" || names(form).includes(name)),
          known,
          way,
        )
        assert.ok(
          names(form).every((name) => known.includes(name)),
          way,
        )
      }
      assert.ok(said.other.includes("{count}"), way)
    }
  })
}

test("numbers take the form that their language asks for", () => {
  const files = (code, count) => spoken(read(code).files, code).tooMany({ count })

  assert.equal(files("en", 1), "At most 1 file at once.")
  assert.deepEqual(
    [1, 2, 5, 22, 25].map((count) => files("pl", count).split(" ")[2]),
    ["plik", "pliki", "plików", "pliki", "plików"],
  )
  assert.deepEqual(
    [0, 1, 2, 3, 11, 100].map((count) => files("ar", count)),
    [
      "لا يمكن إرسال ملفات.",
      "ملف واحد كحد أقصى في المرة.",
      "ملفان كحد أقصى في المرة.",
      "3 ملفات كحد أقصى في المرة.",
      "11 ملفًا كحد أقصى في المرة.",
      "100 ملف كحد أقصى في المرة.",
    ],
  )
})

test("what people are called is put in as it is", () => {
  assert.equal(spoken(english.frame, "en").typing({ name: "$& {name}" }), "$& {name} is typing")
})
