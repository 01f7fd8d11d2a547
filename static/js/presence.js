// Who is there, and whether we still are: what every page of a workspace hears on its line.

import { ask, hasLeft } from "./fragment.js"
import { connect } from "./socket.js"
import { toast } from "./toast.js"

/** Events that concern people, whatever the page is about. */
export function hear(name, payload) {
  const here = document.body.dataset.business
  if (name === "agent_status_changed") show(payload)
  else if (name === "notifications_changed") dispatchEvent(new Event("pingback:notifications"))
  else if (name === "channel_changed") dispatchEvent(new Event("pingback:channels"))
  else if (name === "workspace_switched" && payload.business_id !== here) location.assign("/inbox/")
  else if (name === "revoked" && payload.reason === "membership_ended") hasLeft()
  else if (name === "revoked") location.reload()
}

/** A page without a line of its own: it shows who is there, keeps its reader live, and ends with the membership. */
export function stayLive(body) {
  const line = connect({ auth: { business_id: body.dataset.business }, onEvent: hear, onState: lookAgain })
  addEventListener("pagehide", () => line.close())
  addEventListener("pageshow", (event) => event.persisted && location.reload())
}

/** Whatever notifications came while there was no line. */
export const lookAgain = (state) => state === "online" && dispatchEvent(new Event("pingback:notifications"))

/** One's own status in the menu; the event of it comes back to this page, too. */
export function enhanceStatus(form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    const data = new FormData(form)
    const status = event.submitter.value
    data.set("status", status)
    try {
      await ask(form.action, { body: data })
      show({ agent_id: form.dataset.agent, status })
    } catch (error) {
      toast(error.message || form.dataset.failed, { kind: "error" })
    }
  })
}

function show({ agent_id, status }) {
  for (const element of document.querySelectorAll(`[data-agent="${CSS.escape(agent_id)}"]`)) {
    element.dataset.status = status
    for (const button of element.querySelectorAll("[name=status]"))
      button.setAttribute("aria-pressed", button.value === status)
  }
}
