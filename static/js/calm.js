const CALM_MS = 250 // many events at once are one look

/** Runs `work` once for many calls, never twice at a time, and always once more after the last call. */
export function calmly(work, ms = CALM_MS) {
  let running = null
  let again = false
  const run = async () => {
    do {
      again = false
      await new Promise((resolve) => setTimeout(resolve, ms))
      await work()
    } while (again)
    running = null
  }
  return () => {
    again = true
    running ??= run()
    return running
  }
}
