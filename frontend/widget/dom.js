// The one way in which the widget makes elements: attributes, `on...` handlers, and children that are nodes or text.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node[name] = value
    else if (value !== false && value != null) node.setAttribute(name, value)
  }
  node.append(...children)
  return node
}

export const button = (attributes, ...children) => el("button", { type: "button", ...attributes }, ...children)

/** Of a field whose form Enter sends: what is done at a press of a key. */
export function sendByEnter(event) {
  // 229: Enter chooses a character there. Safari says that it no longer composes.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return
  event.preventDefault()
  event.target.form.requestSubmit()
}

/**
 * The children of `parent` as `entries` [{key, ...}] say, in their order. Who is known keeps its node, and with it the
 * focus and the finger on it. Returns whether the focus went with a node that is gone. nodes: Map of key -> node. make() a new one; draw(node, entry) what it shows.
 */
export function place(parent, nodes, entries, make, draw) {
  const { activeElement: at } = document
  const had = parent.contains(at)
  const keys = new Set(entries.map(({ key }) => key))
  for (const [key, node] of nodes) {
    if (keys.has(key)) continue
    nodes.delete(key)
    node.remove()
  }
  let next = parent.firstChild
  for (const entry of entries) {
    const node = nodes.get(entry.key) ?? make(entry)
    nodes.set(entry.key, node)
    draw(node, entry)
    if (node === next) next = next.nextSibling
    else parent.insertBefore(node, next)
  }
  if (had) at.focus({ preventScroll: true }) // it may have moved
  return had && !at.isConnected
}

/** Rules that come with a part of the frame, as text: the policy of the frame lets them through like a file's. */
export function wear(style) {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(style)
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
}
