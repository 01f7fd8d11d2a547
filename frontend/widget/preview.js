// In Settings the widget is shown as it will be, with nobody behind it: what is written gets an answer of our own and is
// stored nowhere. Stands in for the socket.

const answers = { identify: { verified: false, visitor_key: null }, resume: { messages: [], more: false } }

/**
 * Returns what is called as `connect` of static/js/socket.js is. settings.preview_answer: what is answered; preview_ends:
 * whether that is the end; preview_asks: whether it is to be seen what is asked before a conversation.
 */
export const pretend =
  (settings) =>
  ({ onState, onEvent }) => {
    let seq = 0
    const message = (sender_type, content) => ({
      id: `preview-${++seq}`,
      conversation_id: "preview",
      seq,
      sender_type,
      sender_name: null,
      content,
      attachments: [],
      created_at: new Date().toISOString(),
    })
    setTimeout(() => {
      onState("online")
      if (settings.preview_asks) document.querySelector(".pb-cards > button").click()
    })
    return {
      async emit(event, { content }) {
        if (event !== "client_message") return { seq, ...answers[event] }
        const sent = message("customer", content)
        setTimeout(() => {
          const { preview_answer: answer, preview_ends: ends } = settings
          onEvent("new_message", message("agent", answer))
          if (ends) onEvent("conversation_updated", { id: "preview", status: "resolved", assignee: null })
        }, 600)
        return { message: sent, conversation_id: "preview" }
      },
      close() {},
    }
  }
