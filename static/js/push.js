// The button that subscribes this browser to pushes, or ends that. The permission is asked for by its press.

import { toast } from "./toast.js"

const ADDRESS = "/api/v1/notifications/subscriptions"
const KEPT = "pingback.push" // the id that the server gave this browser's subscription

export async function enhancePush(section) {
  const button = section.querySelector("button")
  if (!("PushManager" in window) || !navigator.serviceWorker) return
  const worker = await navigator.serviceWorker.register("/service-worker.js")
  const show = async () => {
    const is = await worker.pushManager.getSubscription()
    button.textContent = is && localStorage.getItem(KEPT) ? section.dataset.turnOff : section.dataset.turnOn
    button.disabled = false
    return is
  }
  button.addEventListener("click", async () => {
    button.disabled = true
    try {
      const is = await worker.pushManager.getSubscription()
      if (is && localStorage.getItem(KEPT)) await end(is)
      else await begin(worker, section.dataset.push)
    } catch {
      toast(section.dataset.failed, { kind: "error" })
    }
    await show()
  })
  await show()
}

async function begin(worker, applicationServerKey) {
  const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey })
  const { endpoint, keys } = made.toJSON()
  const { id } = await call("POST", ADDRESS, { endpoint, keys })
  localStorage.setItem(KEPT, id)
}

async function end(subscription) {
  await call("DELETE", `${ADDRESS}/${localStorage.getItem(KEPT)}`).catch(() => {}) // gone is gone
  localStorage.removeItem(KEPT)
  await subscription.unsubscribe()
}

async function call(method, address, body) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value
  const headers = { "X-CSRFToken": token, "Content-Type": "application/json" }
  const answer = await fetch(address, { method, headers, body: body && JSON.stringify(body) })
  if (!answer.ok) throw new Error(answer.status)
  return answer.json()
}
