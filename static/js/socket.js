// The one Socket.IO client of the dashboard and the widget (Socket.IO protocol 5 over Engine.IO 4).
//
//   const socket = connect({ auth: { business_id }, onEvent, onState })
//   const ack = await socket.emit("join_conversation", { conversation_id })
//   if (ack.error) show(ack.error.detail)
//
// url       of the server's Socket.IO path; "/socket.io/" of this page's origin when left out.
// auth      what the handshake carries: an object, or a function (may be async) asked at every connection.
// onEvent   (name, payload): what the server sends, in order. Not called for what the client itself obeys.
// onState   (state, reason): "connecting" at first; "online" each time the server took us, the moment to join rooms
//           and to `resume`; "offline" while it tries again by itself; "refused" when it gave up, with reason one of
//           `unauthorized`, `second_factor_setup_required`, `unknown_business`, `business_id_required`,
//           `origin_not_allowed`, or was told to (`revoked`, with an event that says why; `closed`).
// emit      (name, payload) -> Promise of the ack. It never rejects: every failure is `{ error: { code, ... } }`, the
//           server's codes plus `offline` (not connected, or cut before the ack came) and `timeout`. Nothing is kept
//           for later: whoever must not lose a message sends it again, under the same client_message_id.
//           A person who does something wants to be online: while we wait to try again, it tries at once.
// retry     tries at once, when we wait to try again.
// close     ends it for good.

const FINAL = [
  "unauthorized",
  "second_factor_setup_required",
  "unknown_business",
  "business_id_required",
  "origin_not_allowed",
]
const HELLO_MS = 5_000 // for a transport to open, and for the server to take us
const ACK_MS = 10_000
const STEADY_MS = 10_000 // a connection shorter than this does not reset the backoff
const MOST_MS = 10_000
const MOST_UNSEEN_MS = 30_000

/** Milliseconds before try number `attempt` (from 0): doubling, with jitter, so that clients do not come in step. */
export const backoff = (attempt, random = Math.random(), most = MOST_MS) =>
  Math.min(most, 500 * 2 ** attempt) * (0.5 + random / 2)

/** A Socket.IO packet without attachments, in the namespace "/": `212["typing",{}]` -> {type: 2, id: 12, data}. */
export function decode(text) {
  const [, type, id, data] = /^(\d)(\d*)(.*)$/s.exec(text)
  return { type: +type, id: id && +id, data: data && JSON.parse(data) }
}

/** Engine.IO over a WebSocket. Transports call `receive(packet)` and, once they ended, `ended()`. */
function webSocket(address, receive, ended) {
  const socket = new WebSocket(`${address.replace(/^http/, "ws")}websocket`)
  socket.onmessage = (event) => receive(event.data)
  socket.onclose = ended
  return { send: (packet) => socket.send(packet), close: () => socket.close() }
}

/** Engine.IO over long polling: one GET waits for packets, one POST at a time brings them, so that order holds. */
function polling(address, receive, ended) {
  const stop = new AbortController()
  let sid = ""
  let busy = false
  let waiting = []
  const ask = async (body) => {
    const init = { method: body ? "POST" : "GET", body, cache: "no-store", signal: stop.signal }
    const answer = await fetch(`${address}polling${sid && `&sid=${sid}`}`, init)
    if (!answer.ok) throw answer
    return answer.text()
  }
  const flush = async () => {
    if (busy || !waiting.length) return
    busy = true
    const body = waiting.join("\x1e")
    waiting = []
    await ask(body).catch(ended)
    busy = false
    flush()
  }
  const poll = async () => {
    while (!stop.signal.aborted) {
      for (const packet of (await ask()).split("\x1e")) {
        if (packet[0] === "0") sid = JSON.parse(packet.slice(1)).sid
        receive(packet)
      }
    }
  }
  poll().catch(ended)
  return { send: (packet) => flush(waiting.push(packet)), close: () => stop.abort() }
}

export function connect({ url = "/socket.io/", auth, onEvent, onState }) {
  const address = `${new URL(url, location.href)}?EIO=4&transport=`
  const acks = new Map()
  const life = new AbortController()
  let state
  let line // the connection in use, or the last one: {send, leave}
  let retry = 0 // the timer, while we wait to try again
  let emitted = 0
  let attempt = 0
  let since = 0 // when we came online
  let notBefore = 0 // a restarting server asked us to stay away until then

  const turn = (next, reason) => {
    if (next !== "online") for (const answer of [...acks.values()]) answer({ error: { code: "offline" } })
    if (state === next) return
    state = next
    queueMicrotask(() => onState(next, reason)) // an error in there is the page's, not the line's
  }

  const end = (reason) => {
    life.abort()
    clearTimeout(retry)
    line.leave()
    turn("refused", reason)
  }

  const back = () => {
    attempt = 0
    if (retry && Date.now() >= notBefore) dial()
  }

  // One try: WebSocket first and, when it does not even say hello, long polling.
  const dial = (transport = webSocket) => {
    let wire
    let watch
    let silence // the longest that a server's line may be quiet, once it said so
    let patience = HELLO_MS
    let over = false

    const leave = (reason) => {
      if (over) return
      over = true
      clearTimeout(watch)
      wire?.close()
      if (life.signal.aborted) return
      if (transport === webSocket && !silence) return dial(polling)
      if (state === "online" && Date.now() - since > STEADY_MS) attempt = 0
      turn("offline", reason)
      const most = document.hidden ? MOST_UNSEEN_MS : MOST_MS
      retry = setTimeout(dial, Math.max(backoff(attempt++, Math.random(), most), notBefore - Date.now()))
    }
    const fail = () => leave()
    const wait = () => {
      clearTimeout(watch)
      watch = setTimeout(fail, patience)
    }
    const send = (packet) => over || wire.send(packet)

    const message = ({ type, id, data }) => {
      if (type === 0) {
        patience = silence
        wait() // from now on by the server's own measure
        since = Date.now()
        turn("online")
      } else if (type === 1) leave()
      else if (type === 2 && data[0] === "server_restart") {
        notBefore = Date.now() + data[1].retry_ms
        setTimeout(fail, data[1].retry_ms)
      } else if (type === 2) {
        queueMicrotask(() => onEvent(...data))
        if (data[0] === "revoked") end("revoked") // the server closes it, and means it
      } else if (type === 3) acks.get(id)?.(data[0] ?? {})
      else if (type === 4 && FINAL.includes(data.message)) end(data.message)
      else if (type === 4) leave(data.message)
    }

    const receive = async (packet) => {
      if (over) return
      wait()
      const rest = packet.slice(1)
      try {
        if (packet[0] === "0") {
          const { pingInterval, pingTimeout } = JSON.parse(rest)
          silence = pingInterval + pingTimeout
          send(`40${JSON.stringify(await (typeof auth === "function" ? auth() : auth))}`)
        } else if (packet[0] === "2") send("3")
        else if (packet[0] === "4") message(decode(rest))
        else if (packet[0] !== "6") leave() // it closed, or is no Socket.IO server at all
      } catch {
        leave()
      }
    }

    clearTimeout(retry)
    retry = 0
    line = { send, leave }
    wait()
    try {
      wire = transport(address, receive, fail)
    } catch {
      leave()
    }
  }

  addEventListener("offline", () => line.leave(), { signal: life.signal })
  addEventListener("online", back, { signal: life.signal })
  document.addEventListener("visibilitychange", () => document.hidden || back(), { signal: life.signal })

  turn("connecting")
  dial()
  return {
    emit: (name, payload = {}) =>
      new Promise((resolve) => {
        if (state !== "online") {
          back()
          return resolve({ error: { code: "offline" } })
        }
        const id = emitted++
        const used = line
        const late = setTimeout(() => {
          acks.get(id)({ error: { code: "timeout" } })
          used.leave() // a line that answers nothing is as good as cut
        }, ACK_MS)
        acks.set(id, (ack) => {
          clearTimeout(late)
          acks.delete(id)
          resolve(ack)
        })
        line.send(`42${id}${JSON.stringify([name, payload])}`)
      }),
    retry: back,
    close: () => end("closed"),
  }
}
