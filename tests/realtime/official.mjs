// The official client, for tests: connects as its argument says, then asks what it reads, one JSON array a line.
import { createInterface } from "node:readline"
import { io } from "socket.io-client"

const { url, auth, transports } = JSON.parse(process.argv[2])
const say = (name, payload) => process.stdout.write(`${JSON.stringify([name, payload])}\n`)

const socket = io(url, { auth, transports })
// The sender hears its own message too, which is not what tests wait for.
socket.on("connect", () => say("connect", socket.id))
socket.on("connect_error", (error) => say("connect_error", error.message))
socket.on("disconnect", (reason) => say("disconnect", reason))
socket.onAny((name, payload) => {
  if (payload.sender_type !== "customer") say(name, payload)
})

for await (const line of createInterface({ input: process.stdin })) {
  const [event, payload] = JSON.parse(line)
  const answer = await socket.timeout(15000).emitWithAck(event, payload)
  say("ack", answer)
}
socket.close()
