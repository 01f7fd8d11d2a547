// Files of a reply or note: chosen, pasted or dropped, each goes up at once and stands above the button until it is sent.

const MOST = 5

/** complain: shows a sentence, "" takes it away. Returns what the composer needs to know of them. */
export function enhanceAttach(form, complain) {
  const list = form.querySelector("[data-files]")
  const picker = form.querySelector("[data-attach]")
  const zone = form.closest("[data-thread]")
  const blank = form.querySelector("[data-uploading]").content.firstElementChild
  const underWay = new Map() // chip -> its request
  const refused = new Map() // why -> the names of those that were not taken

  function add(files) {
    complain("")
    for (const file of files) {
      const reason = list.children.length < MOST ? refusalOf(file) : form.dataset.tooMany
      if (reason) refuse(file, reason)
      else upload(file)
    }
  }

  /** Beside those that were refused before it, as long as that is still said. */
  function refuse(file, reason) {
    if (form.querySelector("[data-error]").hidden) refused.clear()
    refused.set(reason, [...(refused.get(reason) ?? []), file.name])
    complain([...refused].map(([each, names]) => `${names.join(", ")}: ${each}`).join("\n"))
  }

  /** A file that is dropped or pasted is of any kind, whatever the picker shows. */
  function refusalOf({ size, type }) {
    const { most, tooBig, wrongKind } = form.dataset
    if (wrongKind && !picker.accept.split(",").includes(type)) return wrongKind
    return size > Number(most) ? tooBig : ""
  }

  function upload(file) {
    const chip = blank.cloneNode(true)
    chip.querySelector("[data-name]").textContent = file.name
    list.append(chip)
    const body = new FormData()
    body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value)
    body.set("file", file)
    const request = new XMLHttpRequest() // fetch does not tell how far it is
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      chip.querySelector("progress").value = total ? loaded / total : 0
    })
    const done = new Promise((resolve) => {
      request.addEventListener("loadend", () => {
        underWay.delete(chip)
        if (request.status === 201) chip.replaceWith(chipIn(request.responseText))
        else chip.remove()
        const isRefused = request.status !== 201 && !request.aborted
        if (isRefused) refuse(file, refusalIn(request))
        resolve(!isRefused)
      })
    })
    underWay.set(chip, { request, done })
    request.open("POST", form.dataset.upload)
    request.setRequestHeader("X-Requested-With", "fetch")
    request.send(body)
  }

  function chipIn(text) {
    const page = new DOMParser().parseFromString(text, "text/html")
    return document.importNode(page.querySelector("[data-file]"), true)
  }

  function refusalIn(request) {
    try {
      return JSON.parse(request.responseText).detail
    } catch {
      return form.dataset.notUploaded
    }
  }

  function remove(chip) {
    const going = underWay.get(chip)
    if (going) {
      going.request.aborted = true
      going.request.abort()
    } else {
      const body = new FormData()
      body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value)
      // What cannot be taken back now goes by itself after a day.
      fetch(chip.dataset.file, { method: "POST", body, headers: { "X-Requested-With": "fetch" } }).catch(() => {})
    }
    const next = chip.nextElementSibling ?? chip.previousElementSibling
    chip.remove()
    ;(next?.querySelector("[data-remove-file]") ?? form.elements.content).focus()
  }

  picker.addEventListener("change", () => {
    add([...picker.files])
    picker.value = ""
    form.elements.content.focus()
  })
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove-file]")
    if (button) remove(button.closest("li"))
  })
  form.elements.content.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files]
    if (!files.length || event.clipboardData.types.includes("text/plain")) return
    event.preventDefault()
    add(files)
  })
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files")
  zone.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return
    event.preventDefault()
    form.classList.add("is-over")
  })
  zone.addEventListener("dragleave", (event) => {
    if (!zone.contains(event.relatedTarget)) form.classList.remove("is-over")
  })
  zone.addEventListener("drop", (event) => {
    form.classList.remove("is-over")
    if (!carriesFiles(event)) return
    event.preventDefault()
    add([...event.dataTransfer.files])
  })

  if (picker.files.length) {
    add([...picker.files]) // chosen before we were here
    picker.value = ""
  }
  form.dataset.attaches = ""

  return {
    get any() {
      return list.children.length > 0
    },
    get chips() {
      return [...list.children]
    },
    /** Those that are uploaded already, each as the server draws it. */
    put(drawn) {
      for (const text of drawn) list.append(chipIn(text))
    },
    /** The ids, as one text. */
    get names() {
      return [...list.querySelectorAll("[name=attachments]")].map(({ value }) => value).join()
    },
    /** Once none is on its way any more; false when one was refused. One taken back or added meanwhile is no refusal. */
    async settled() {
      let all = true
      while (underWay.size) {
        const arrived = await Promise.all([...underWay.values()].map(({ done }) => done))
        all &&= arrived.every(Boolean)
      }
      return all
    },
  }
}
