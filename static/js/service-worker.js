// Shows what is pushed, with every page closed, and says so when there is no connection. Of pages it keeps only the one
// that says that: no word of anybody.

const KEPT = "offline"
const OFFLINE = "/offline/"

addEventListener("install", (event) => event.waitUntil(keep().then(() => skipWaiting())))
addEventListener("activate", (event) => event.waitUntil(clients.claim()))

async function keep() {
  await caches.delete(KEPT)
  const cache = await caches.open(KEPT)
  const page = await fetch(OFFLINE, { credentials: "omit" })
  const text = await page.clone().text()
  await cache.put(OFFLINE, page)
  await cache.addAll([...text.matchAll(/href="(\/static\/[^"]+)"/g)].map(([, address]) => address))
}

addEventListener("fetch", (event) => {
  const { request } = event
  if (request.method !== "GET") return
  // Only whole pages: the frame of a chat on somebody's site says itself that it is offline.
  if (request.destination === "document") event.respondWith(fetch(request).catch(() => caches.match(OFFLINE)))
  else if (request.destination === "style")
    event.respondWith(fetch(request).catch(async () => (await caches.match(request)) ?? Response.error()))
})

addEventListener("push", (event) => {
  const { id, text, url } = event.data.json()
  event.waitUntil(registration.showNotification("PingBack", { body: text, tag: id, data: { url } }))
})

addEventListener("notificationclick", (event) => {
  event.notification.close()
  event.waitUntil(show(event.notification.data.url))
})

/** In the tab where it is open already, else in a new one. */
async function show(address) {
  const tabs = await clients.matchAll({ type: "window" })
  const there = tabs.find(({ url }) => new URL(url).pathname === address)
  return there ? there.focus() : clients.openWindow(address)
}
