// The page of the widget's commands: each stands there as one writes it, and runs when its button is pressed.

const EVENTS = ["ready", "open", "close", "message", "unread"]

export function enhanceCommands(list) {
  const log = document.querySelector("[data-events]")
  // As on any page: commands before the widget's script is there wait for it.
  window.PingBack ??= (...command) => {
    window.PingBack.q = [...(window.PingBack.q ?? []), command]
  }
  for (const event of EVENTS) {
    window.PingBack("on", event, (detail) => {
      log.append(`${event}${detail === undefined ? "" : ` ${JSON.stringify(detail)}`}\n`)
    })
  }
  list.addEventListener("click", ({ target }) => {
    const { command } = target.closest("[data-command]")?.dataset ?? {}
    // Between the brackets stands JSON, which is read and not run.
    if (command) window.PingBack(...JSON.parse(`[${command.slice("PingBack(".length, -1)}]`))
  })
}
