// Telling the team that the visitor is writing, as long as that is true.

const AGAIN_MS = 3_000 // how often it is repeated

export function typingSignal(emit) {
  let saidAt = 0
  let to // the conversation that was told
  let ending
  const say = (typing) => emit("typing", { conversation_id: to, is_typing: typing })

  const stop = () => {
    clearTimeout(ending)
    if (saidAt) say(false)
    saidAt = 0
  }
  return {
    stop,
    /** id: of the conversation; null while it is only ours. */
    wrote(id, text) {
      if (!id || !text) return stop()
      clearTimeout(ending)
      ending = setTimeout(stop, AGAIN_MS)
      if (Date.now() - saidAt < AGAIN_MS) return
      saidAt = Date.now()
      to = id
      say(true)
    },
  }
}
