// What the conversation's channel takes: said while one writes, before the channel says it.

const SHOWN_FROM = 0.8

export function enhanceLimits(form) {
  const told = form.querySelector("#channel-limits")
  if (!told) return
  const { max_text: most, unit, max_file_bytes: bytes, file_types: types } = JSON.parse(told.textContent)
  const text = form.elements.content
  const count = form.querySelector("[data-count]")
  const picker = form.querySelector("[data-attach]")
  const encoder = new TextEncoder()

  if (bytes) form.dataset.most = Math.min(bytes, Number(form.dataset.most))
  if (types.length) picker.accept = types.join(",")

  const show = () => {
    const long = unit === "bytes" ? encoder.encode(text.value).length : [...text.value].length
    count.hidden = long < most * SHOWN_FROM
    const kind = long > most ? "parts" : "of"
    const words = count.dataset[unit === "bytes" ? `${kind}Bytes` : kind]
    count.textContent = words
      .replace("{count}", long)
      .replace("{most}", most)
      .replace("{parts}", Math.ceil(long / most))
  }
  text.addEventListener("input", show)
  show()
}
