// What the chat keeps in a visitor's browser, among the host page's own things. Where that is denied, or full, the
// conversation lasts as long as the page.

const FILES = "files" // their names, which mean something to this tab alone

let prefix
let store

/** id: of the widget. isPreview: nothing is kept. */
export function keepFor(id, isPreview) {
  const nothing = {}
  prefix = `pingback:${id}:`
  store = (name) => (isPreview ? nothing : name === FILES ? sessionStorage : localStorage)
}

export function kept() {
  try {
    const places = [store(), store(FILES)].flatMap(Object.entries)
    const ours = places.filter(([name]) => name.startsWith(prefix))
    return Object.fromEntries(ours.map(([name, value]) => [name.slice(prefix.length), value]))
  } catch {
    return {}
  }
}

/** value: a text; null forgets it. */
export function keep(name, value) {
  try {
    if (value === null) delete store(name)[prefix + name]
    else store(name)[prefix + name] = value
  } catch {
    // As above.
  }
}

/**
 * changed(key): another tab of the same site has become this visitor, or (null) signed out, or all that was stored is gone.
 * waits({name: text}): something waits to be sent there; text is null once it does no more.
 */
export function onOtherTab(changed, waits) {
  addEventListener("storage", ({ key, newValue }) => {
    if (key === null || key === `${prefix}key`) changed(newValue)
    else if (key.startsWith(`${prefix}outbox:`)) waits({ [key.slice(prefix.length)]: newValue })
  })
}
