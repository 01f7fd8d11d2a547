// `<form data-passkey="create|get" data-options="...">`: asks the device for a passkey and sends its answer with the form.
// Where the browser knows none, the form goes without, and the server says so.

import { toast } from "./toast.js"

export function enhancePasskeys(forms) {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) return
  for (const form of forms) {
    let busy = false
    form.addEventListener("submit", async (event) => {
      event.preventDefault()
      if (busy) return
      busy = true
      try {
        form.elements.credential.value = JSON.stringify(await answer(form))
        form.submit()
      } catch (error) {
        // The browser's own words for a cancelled dialog help nobody.
        const known = error.name === "InvalidStateError" && form.dataset.known // this device holds one already
        toast(error instanceof Refusal ? error.message : known || form.dataset.failed, { kind: "error" })
        busy = false
      }
    })
  }
}

class Refusal extends Error {}

async function answer(form) {
  const response = await fetch(form.dataset.options, {
    method: "POST",
    body: new FormData(form),
    headers: { "X-Requested-With": "fetch" },
  })
  const options = await response.json()
  if (!response.ok) throw new Refusal(options.detail)
  const { credentials } = navigator
  if (form.dataset.passkey === "create")
    return credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
  return credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) })
}
