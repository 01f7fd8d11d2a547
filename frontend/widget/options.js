// What the page says of the widget's options.

/** Lays it over what holds; of a group like `greeting` what is not said stays. */
export function lay(changes, options) {
  for (const [name, value] of Object.entries(changes)) {
    // An object by what it is: the page may have made it in another window, whose `Object` is not this one's.
    const isGroup = value && typeof value === "object" && !Array.isArray(value)
    options[name] = isGroup ? { ...options[name], ...value } : value
  }
}
