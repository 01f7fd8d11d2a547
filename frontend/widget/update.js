// What a page may give to `PingBack("update")`, where a wrong value would spoil how the chat looks. The server's list is
// widgets/options.py.

const PIXELS = /^([12]?\d{1,2}|300)$/
const FITS = {
  primary_color: /^#([\da-f]{3}){1,2}$/i,
  theme: /^(auto|light|dark)$/,
  position: /^(right|left)$/,
  launcher: /^(icon|text|none)$/,
  launcher_icon: /^(chat|help|mail)$/,
  offset_x: PIXELS,
  offset_y: PIXELS,
}

/** The changes that can be made; of the others the console tells, and what holds goes on. */
export function fitting(changes) {
  if (!changes || typeof changes !== "object") throw new TypeError("update: an object, please")
  const fits = ([name, value]) => {
    const good = !Object.hasOwn(FITS, name) || FITS[name].test(value)
    if (!good) console.warn(`PingBack: update: ${name} cannot be`, value)
    return good
  }
  return Object.fromEntries(Object.entries(changes).filter(fits))
}
