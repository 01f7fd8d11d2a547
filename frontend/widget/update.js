// What a page may give to `PingBack("update")`, where a wrong value would spoil how the chat looks. The server's list is
// widgets/options.py.

const among = (values) => (value) => values.split(" ").includes(value)
const pixels = (value) => value >= 0 && value <= 300
const FITS = {
  primary_color: (value) => /^#([\da-f]{3}){1,2}$/i.test(value),
  theme: among("auto light dark"),
  position: among("right left"),
  launcher: among("icon text none"),
  launcher_icon: among("chat help mail"),
  offset_x: pixels,
  offset_y: pixels,
}

/** The changes that can be made; of the others the console tells, and what holds goes on. */
export function fitting(changes) {
  if (!changes || typeof changes !== "object") throw new TypeError("update: an object, please")
  const fits = ([name, value]) => {
    const good = !Object.hasOwn(FITS, name) || FITS[name](value)
    if (!good) console.warn(`PingBack: update: ${name} cannot be`, value)
    return good
  }
  return Object.fromEntries(Object.entries(changes).filter(fits))
}
