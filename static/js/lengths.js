// How long a text is to those who carry it, as in channels_app/adapters: x/adapter.py and sms.py.

const GSM = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
)
const GSM_TWICE = new Set("^{}\\[~]|€\f")
const PLAIN = { "‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\u00a0": " " }

/** How X counts a post. */
export function weight(text) {
  let addresses = 0
  const bare = text.replace(/https?:\/\/\S+/g, () => {
    addresses += 1
    return ""
  })
  return [...bare].reduce((sum, each) => sum + (isLight(each.codePointAt(0)) ? 1 : 2), 23 * addresses)
}

function isLight(code) {
  return (
    code <= 4351 || (code >= 8192 && code <= 8205) || (code >= 8208 && code <= 8223) || (code >= 8242 && code <= 8247)
  )
}

/** How many messages the customer's network, and the bill, make of a text. */
export function segments(text) {
  const plain = [...text].map((each) => PLAIN[each] ?? each).join("")
  const characters = [...plain]
  if (characters.every((each) => GSM.has(each) || GSM_TWICE.has(each))) {
    const long = characters.length + characters.filter((each) => GSM_TWICE.has(each)).length
    return long <= 160 ? 1 : Math.ceil(long / 153)
  }
  return plain.length <= 70 ? 1 : Math.ceil(plain.length / 67)
}
