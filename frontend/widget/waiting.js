// What stands in the frame's place until the chat is there: bones, then words, and where it does not come, a way to ask
// for it once more. Nobody is left with a blank panel.

const WORDS_MS = 1_000
const SILENT_MS = 5_000 // after the frame has loaded, its scripts have said that they are there
const HANGING_MS = 30_000
const AGAIN_MS = 5_000 // twice as long after each failure

/**
 * el: of dom.js. texts(): of the page's language, now. again(): asks for the frame anew, which is done by itself, too, as long as
 * somebody waits for it: isSeen().
 */
export function waitingRoom(el, texts, isSeen, again) {
  const words = el("p", { role: "status" })
  const retry = el("button")
  const node = el("div", { class: "wait" }, el("i"), el("i"), el("i"), words, retry)
  let clock
  let pause
  const next = (act, delay) => {
    clearTimeout(clock)
    clock = setTimeout(act, delay)
  }
  const load = () => {
    words.textContent = texts().loading
    next(fail, HANGING_MS)
  }
  const fail = () => {
    words.textContent = texts().broken
    retry.textContent = texts().retry
    retry.hidden = false
    pause *= 2
    next(() => (isSeen() ? again() : fail()), pause * (1 + Math.random())) // not all pages in step
  }
  const end = () => {
    clearTimeout(clock)
    pause = AGAIN_MS
    words.textContent = ""
    node.hidden = retry.hidden = true
  }
  retry.onclick = () => {
    again()
    load()
  }
  addEventListener("online", () => retry.hidden || again())
  end()
  return {
    node,
    /** The frame is asked for. What failed before is said until it is mended. */
    begin() {
      node.hidden = false
      if (retry.hidden) next(load, WORDS_MS)
      else next(fail, HANGING_MS + pause)
    },
    /** It has loaded, or a browser's page about an error. */
    loaded: () => next(fail, SILENT_MS),
    end,
  }
}
