// What a visitor is asked before a conversation begins and when it is over. The code for it comes with the first time.

/**
 * visitor: {key, hasEmail, customer}. isOpen(): somebody answers at this hour. isBegun(thread). onSend(content, customer).
 * came(): the code for it is here.
 */
export function asking({ settings, texts, visitor, isOpen, isBegun, present, onSend, came }) {
  let forms
  const load = async () => {
    forms ??= await import("./forms.js")
    return forms
  }

  return {
    /** Before it begins: "prechat", "offline", or "" for nothing. */
    first(thread) {
      if (isBegun(thread)) return ""
      const { offline_form: offline, prechat } = settings.options
      if (offline && !isOpen() && !visitor.hasEmail && !visitor.customer?.email) return "offline"
      return prechat.enabled && !visitor.key && !visitor.customer ? "prechat" : ""
    },

    /** The form for it; rejects when its code does not come. */
    async form(which, message) {
      const { askFirst } = await load()
      return askFirst({ which, settings, texts, present: present().text, message, onSend })
    },

    /** What stands at the end of a conversation that is over: a rating, a way to have it mailed. */
    ending(thread, { status, rating } = {}) {
      if (!["resolved", "closed"].includes(status)) {
        thread.ending = undefined
        return
      }
      const rates = settings.options.rating
      const mails = settings.options.transcript && settings.mail_is_on
      if (!(rates || mails) || !thread.messages.some(({ sender_type }) => sender_type === "agent")) return
      if (!forms) {
        load().then(came, () => {}) // the next look at it asks again
        return
      }
      thread.ending ??= forms.ending({
        texts,
        score: rating?.score,
        rates,
        mails,
        visitor,
        path: `/api/v1/widget/${settings.id}/conversations/${thread.id}`,
      })
      return thread.ending
    },
  }
}
