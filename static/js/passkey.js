// `<form data-passkey="create|get" data-options="...">`: asks the device for a passkey and sends its answer with the form.
// Where the browser knows none, the form goes without, and the server says so. `data-autofill`: the browser offers it
// among what it fills in, too, from the first look at that field on.

import { toast } from "./toast.js"

export function enhancePasskeys(forms) {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) return
  for (const form of forms) {
    let busy = false
    const offered = form.hasAttribute("data-autofill") ? offer(form) : null
    form.addEventListener("submit", async (event) => {
      event.preventDefault()
      if (busy) return
      busy = true
      offered?.abort() // a browser asks for one at a time
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

/** Nothing is asked of the server before somebody is at the field. What comes of it is the browser's to tell. */
function offer(form) {
  const given = new AbortController()
  const field = document.querySelector('[autocomplete~="webauthn"]')
  const wait = async () => {
    if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return
    try {
      form.elements.credential.value = JSON.stringify(
        await answer(form, { mediation: "conditional", signal: given.signal }),
      )
      form.submit()
    } catch {
      // Given up, or none was chosen: the password and the button are there.
    }
  }
  if (field === document.activeElement) wait()
  else field.addEventListener("focus", wait, { once: true, signal: given.signal })
  return given
}

class Refusal extends Error {}

async function answer(form, how = {}) {
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
  return credentials.get({ ...how, publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) })
}
