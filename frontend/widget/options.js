// What the page says of the widget's options.

/** Lays it over what holds; of a group like `greeting` what is not said stays. */
export function lay(changes, options) {
  for (const [name, value] of Object.entries(changes)) {
    options[name] = value?.constructor === Object ? { ...options[name], ...value } : value
  }
}
