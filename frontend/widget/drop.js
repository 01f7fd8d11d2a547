// A file that is dropped anywhere is meant for the conversation, and must never take the frame's place.

/** isWanted(): whether there is a conversation to drop it in. take([File]). */
export function catchDrops(isWanted, take) {
  const { classList } = document.body
  document.addEventListener("dragover", (event) => {
    event.preventDefault()
    classList.toggle("pb-over", isWanted() && event.dataTransfer.types.includes("Files"))
  })
  document.addEventListener("dragleave", (event) => event.relatedTarget || classList.remove("pb-over"))
  document.addEventListener("drop", (event) => {
    classList.remove("pb-over")
    event.preventDefault()
    if (isWanted()) take([...event.dataTransfer.files])
  })
}
