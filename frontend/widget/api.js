// `PingBack("open")`: the page's commands. Those given before the widget is there wait for it, also those that a page
// put into `PingBack.q` before this script came (docs/widget.md has the line). What goes wrong, in us or in the page's
// own handlers, is said on the console and stops nothing.

const hearers = { ready: [], open: [], close: [], message: [], unread: [] }

/** Tell the page's handlers of an event. */
export function told(event, detail) {
  for (const hear of hearers[event]) attempt(() => hear(detail))
}

function known(all, name) {
  if (Object.hasOwn(all, name)) return all[name]
  throw new Error(`there is no "${name}"`)
}

function attempt(act) {
  try {
    act()
  } catch (error) {
    console.error("PingBack:", error)
  }
}

/** Puts the one global in place; undefined where another script was first. */
export function api() {
  const before = window.PingBack
  if (before?.loaded) return undefined
  let waiting = []
  let commands
  let load // asks for the commands; there once the launcher is
  let veil // hides the launcher, or shows it

  const run = ([name, ...rest]) =>
    attempt(() => {
      if (name === "on") {
        const [event, hear] = rest
        known(hearers, event).push(hear)
        if (event === "ready" && load) hear()
      } else if (commands) known(commands, name)(...rest)
      else {
        if (rest[0]?.launcher === "none") veil?.(true)
        const isVeil = veil && /^(show|hide)$/.test(name)
        if (isVeil) veil(name === "hide") // at once, so that nothing blinks; what comes with it keeps its turn
        if (!isVeil || waiting.length) waiting.push([name, ...rest])
        // Who somebody is matters when the chat is opened, not before.
        if (!isVeil && name !== "identify") load?.()
      }
    })
  const runAll = (list) => {
    waiting = []
    for (const command of list) run(command)
  }
  window.PingBack = (...command) => run(command)
  window.PingBack.loaded = true
  runAll(before?.q ?? [])

  return {
    run,
    /** The launcher is there, which `hide(true or false)` hides; `loader()` asks for the commands once one is needed. */
    ready(loader, hide) {
      load = loader
      veil = hide
      told("ready")
      runAll(waiting)
    },
    open(given) {
      commands = given
      runAll(waiting)
    },
  }
}
