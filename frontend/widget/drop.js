// A file that is dropped anywhere is meant for the conversation, and must never take the frame's place.

/** isWanted(): whether there is a conversation to drop it in. take([File]). */
export function catchDrops(isWanted, take) {
  const { classList } = document.body
  document.ondragover = (event) => {
    event.preventDefault()
    classList.toggle("pb-over", isWanted() && event.dataTransfer.types.includes("Files"))
  }
  document.ondragleave = (event) => event.relatedTarget || classList.remove("pb-over")
  document.ondrop = (event) => {
    event.preventDefault()
    classList.remove("pb-over")
    if (isWanted()) take([...event.dataTransfer.files])
  }
}
