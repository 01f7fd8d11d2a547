// The bell: how many notifications are unread, in every tab; a new one rings once and shows on the desktop when no one
// looks at the tab. What rings is of this browser: it is kept here.

import { chime } from "../widget/sound.js"
import { ask } from "./fragment.js"

const LATEST = "/api/v1/notifications?limit=1"
const MOST_SHOWN = 99
const SILENT = "pingback.silent"
const TOLD = "pingback.told" // the last that any tab told of

export function enhanceBell(bell) {
  const count = bell.querySelector("[data-bell-count]")
  let unread = 0
  let newest // the time of the newest that this tab knows; "" = there was none

  const showTitle = () => {
    const title = document.title.replace(/^\(\d+\+?\) /, "")
    const wanted = unread ? `(${shown(unread)}) ${title}` : title
    if (document.title !== wanted) document.title = wanted
  }
  new MutationObserver(showTitle).observe(document.querySelector("title"), { childList: true })

  const look = async () => {
    const found = await ask(LATEST)
      .then((answer) => answer.json())
      .catch(() => null) // the next event or connection looks again
    if (!found) return
    unread = found.unread
    count.textContent = shown(unread)
    count.hidden = !unread
    showTitle()
    const [last] = found.results
    if (newest !== undefined && last && !last.read_at && last.created_at >= newest) tell(last)
    newest = last?.created_at ?? ""
  }
  let looking = Promise.resolve()
  addEventListener("pingback:notifications", () => {
    looking = looking.then(look)
  })
  // Installed as an app, it says by itself when there is no connection; a page in a browser leaves that to the browser.
  if (matchMedia("(display-mode: standalone)").matches) navigator.serviceWorker?.register("/service-worker.js")
  enhanceTelling(document.querySelector("[data-telling]"))
}

const shown = (unread) => (unread > MOST_SHOWN ? `${MOST_SHOWN}+` : unread)

/** Once, whatever number of tabs is open; not of what is looked at, nor when its reader wants no sound. */
function tell({ id, text, conversation_id, created_at, rings }) {
  const told = `${id} ${created_at}` // what a customer writes makes the same one new again
  if (localStorage.getItem(TOLD) === told) return
  localStorage.setItem(TOLD, told)
  const isSeen = !document.hidden && location.pathname === `/inbox/${conversation_id}/`
  if (isSeen || !rings) return
  if (!localStorage.getItem(SILENT)) chime()
  if (!document.hidden || !("Notification" in window) || Notification.permission !== "granted") return
  const notice = new Notification(text, { tag: id })
  notice.onclick = () => {
    notice.close()
    focus()
    location.assign(`/inbox/${conversation_id}/`)
  }
}

/** The buttons that say how this browser tells of news. */
function enhanceTelling(row) {
  if (!row) return
  const sound = row.querySelector("[data-sound]")
  const desktop = row.querySelector("[data-desktop]")
  const show = () => {
    sound.setAttribute("aria-pressed", !localStorage.getItem(SILENT))
    desktop.hidden = !("Notification" in window)
    if (desktop.hidden) return
    desktop.setAttribute("aria-pressed", Notification.permission === "granted")
    desktop.disabled = Notification.permission !== "default"
  }
  sound.addEventListener("click", () => {
    if (localStorage.getItem(SILENT)) localStorage.removeItem(SILENT)
    else localStorage.setItem(SILENT, "1")
    show()
  })
  desktop.addEventListener("click", () => Notification.requestPermission().then(show))
  show()
  row.dataset.ready = ""
}
