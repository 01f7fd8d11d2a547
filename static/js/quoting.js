// The one message that a reply answers: chosen in the thread, shown in the composer, gone with the reply.

/** onChosen: a message was chosen to be answered. Returns seq, of that message, and clear(). */
export function enhanceQuoting(form, onChosen) {
  const seq = form.elements.quoted_seq
  const box = form.querySelector("[data-quoting]")
  const clear = () => {
    seq.value = ""
    box.hidden = true
  }
  const choose = (link) => {
    const message = link.closest(".msg")
    seq.value = link.dataset.quote
    box.querySelector("[data-quoting-who]").textContent = message.querySelector(".vh").textContent.replace(/:$/, "")
    box.querySelector("[data-quoting-text]").textContent =
      message.querySelector(".bubble, .file-words, img")?.textContent.trim().slice(0, 200) ?? ""
    box.hidden = false
    onChosen()
  }
  form.closest("[data-thread]").addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return
    const answer = event.target.closest("[data-quote]")
    const jump = event.target.closest("[data-quote-jump]")
    const there = jump && document.getElementById(jump.hash.slice(1))
    if (answer || there) event.preventDefault()
    if (answer) choose(answer)
    if (there) {
      document.querySelector(".msg.is-found")?.classList.remove("is-found")
      there.classList.add("is-found")
      there.scrollIntoView({ block: "center" })
    }
  })
  box.addEventListener("click", ({ target }) => {
    if (!target.closest("[data-quoting-off]")) return
    clear()
    form.elements.content.focus()
  })
  return { seq, clear }
}
