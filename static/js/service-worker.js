// Shows what is pushed, with every page closed. It keeps nothing: no page and no word of anybody.

addEventListener("install", () => skipWaiting())
addEventListener("activate", (event) => event.waitUntil(clients.claim()))

addEventListener("push", (event) => {
  const { id, text, url } = event.data.json()
  event.waitUntil(registration.showNotification("PingBack", { body: text, tag: id, data: { url } }))
})

addEventListener("notificationclick", (event) => {
  event.notification.close()
  event.waitUntil(clients.openWindow(event.notification.data.url))
})
