// A form whose work is told while it is done: `data-progress`, answered line by line (foundation/progress.py).

import { ask } from "./fragment.js"
import { complain } from "./toast.js"

export function enhanceProgress(form) {
  const bar = form.querySelector("progress")
  const words = form.querySelector("[data-busy] > span")
  const error = form.parentElement.querySelector("[data-progress-error]")
  const end = form.parentElement.querySelector("[data-progress-end]")
  const percent = document.createElement("b")
  percent.setAttribute("aria-hidden", "true") // the bar says it, to whoever asks it
  bar.removeAttribute("aria-hidden")
  bar.setAttribute("aria-label", words.textContent)
  words.before(percent)

  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    try {
      const answer = await ask(form.action, { body: new FormData(form) })
      await lines(answer.body, hear)
    } catch (failure) {
      complain(failure)
      delete form.dataset.sent
      form.querySelector("[data-busy]").hidden = true
      form.querySelector("[aria-busy]")?.removeAttribute("aria-busy")
    }
  })

  function hear({ done, of, told, detail }) {
    if (of) {
      bar.max = of
      bar.value = done
      percent.textContent = `${Math.round((100 * done) / of)} %`
    }
    if (detail) {
      error.querySelector("span").textContent = detail
      error.hidden = false
    }
    if (told) {
      end.querySelector("p").textContent = told
      end.hidden = false
    }
    if (!of) form.hidden = true
  }
}

async function lines(body, hear) {
  let rest = ""
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    const whole = (rest + piece.value).split("\n")
    rest = whole.pop()
    for (const line of whole) hear(JSON.parse(line))
  }
}
