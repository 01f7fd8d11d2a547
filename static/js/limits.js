// What the conversation's channel takes: said while one writes, before the channel says it.

import { segments, weight } from "./lengths.js"

const SHOWN_FROM = 0.8

/** Returns dress(isNote): a note stays in the house, and only ours count. */
export function enhanceLimits(form) {
  const told = form.querySelector("#channel-limits")
  if (!told) return () => {}
  const limits = JSON.parse(told.textContent)
  const { max_text: most, max_file_bytes: bytes, file_types: types, segmented } = limits
  const text = form.elements.content
  const count = form.querySelector("[data-count]")
  const picker = form.querySelector("[data-attach]")

  const ours = { most: form.dataset.most, tooBig: form.dataset.tooBig, wrongKind: "" }
  const its = { ...ours }
  if (bytes && bytes < Number(ours.most)) Object.assign(its, { most: bytes, tooBig: limits.size_in_words })
  if (types.length) its.wrongKind = limits.kinds_in_words
  const accepted = picker.accept
  let isNote = false

  const show = () => {
    const long = lengthOf(text.value, limits)
    const billed = segmented ? segments(text.value) : 1
    count.hidden = isNote || (long < most * SHOWN_FROM && billed < 2)
    count.textContent = count.dataset[wordsFor(long, billed, limits)]
      .replace("{count}", long)
      .replace("{most}", most)
      .replace("{billed}", billed)
      .replace("{parts}", Math.ceil(long / most))
  }
  text.addEventListener("input", show)
  return (asNote) => {
    isNote = asNote
    Object.assign(form.dataset, isNote ? ours : its)
    picker.accept = types.length && !isNote ? types.join(",") : accepted
    show()
  }
}

function lengthOf(text, { unit, public: isPublic }) {
  if (isPublic) return weight(text)
  if (unit === "utf16") return text.length
  return unit === "bytes" ? new TextEncoder().encode(text).length : [...text].length
}

/** The name of the data- attribute with the words. */
function wordsFor(long, billed, { max_text: most, unit, public: isPublic }) {
  if (long > most && isPublic) return "tooLong"
  if (unit === "bytes") return long > most ? "partsBytes" : "ofBytes"
  if (long > most) return "parts"
  return billed > 1 ? "billed" : "of"
}
