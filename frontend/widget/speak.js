// Texts as translators write them (languages/*.json), as the code takes them.

/** "{name} is typing" with what stands for its names. */
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name])

/** Of {one, few, other, ...} the form that goes with the number in this language. */
export const plural = (forms, count, language) => forms[new Intl.PluralRules(language).select(count)] ?? forms.other

/**
 * A text; a function of {name: value} where it has names in it; one of {count, ...} where it has forms for numbers;
 * groups of all these, a list by its numbers.
 */
export function spoken(entry, language) {
  if (typeof entry === "string") return entry.includes("{") ? (values) => fill(entry, values) : entry
  if (entry.other) return (values) => fill(plural(entry, values.count, language), values)
  return Object.fromEntries(Object.entries(entry).map(([name, each]) => [name, spoken(each, language)]))
}
