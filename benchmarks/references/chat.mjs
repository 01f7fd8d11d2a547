// A chat server as one writes it with Node, socket.io and pg: three hear a message that one statement has stored.
import { createServer } from "node:http"
import pg from "pg"
import { Server } from "socket.io"

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 16 })
await pool.query(`
  CREATE TABLE IF NOT EXISTS conversation (
    id uuid PRIMARY KEY, last_seq int NOT NULL DEFAULT 0, last_content text, updated_at timestamptz);
  CREATE TABLE IF NOT EXISTS message (
    id uuid PRIMARY KEY, conversation_id uuid NOT NULL REFERENCES conversation, seq int NOT NULL,
    sender_type text NOT NULL, content text NOT NULL, dedup_key text UNIQUE, created_at timestamptz NOT NULL,
    UNIQUE (conversation_id, seq));`)

const STORE = {
  name: "store",
  text: `WITH numbered AS (
      UPDATE conversation SET last_seq = last_seq + 1, last_content = $3, updated_at = now()
      WHERE id = $1 RETURNING last_seq)
    INSERT INTO message (id, conversation_id, seq, sender_type, content, dedup_key, created_at)
    SELECT gen_random_uuid(), $1, last_seq, $2, $3, $4, now() FROM numbered RETURNING id, seq, created_at`,
}

const http = createServer((_request, response) => response.end())
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false })

io.on("connection", async (socket) => {
  for (const id of socket.handshake.auth.rooms) {
    await pool.query("INSERT INTO conversation (id) VALUES ($1) ON CONFLICT DO NOTHING", [id])
    socket.join(id)
  }
  socket.on("client_message", (sent, ack) => take(socket, "customer", sent, ack))
  socket.on("agent_message", (sent, ack) => take(socket, "agent", sent, ack))
  socket.emit("ready", {})
})

async function take(socket, senderType, { conversation_id, content, client_message_id }, ack) {
  if (typeof content !== "string" || !content.trim() || content.length > 10_000)
    return ack({ error: { code: "invalid" } })
  if (!socket.rooms.has(conversation_id)) return ack({ error: { code: "not_found" } })
  const values = [conversation_id, senderType, content, `w:${socket.id}:${client_message_id}`]
  const { rows } = await pool.query({ ...STORE, values })
  const message = {
    id: rows[0].id,
    conversation_id,
    seq: rows[0].seq,
    sender_type: senderType,
    sender_id: null,
    sender_name: "Visitor 1A2B",
    sender_avatar_url: null,
    content,
    attachments: [],
    created_at: rows[0].created_at.toISOString(),
    delivered_at: null,
    read_at: null,
    ai: null,
    sources: [],
    client_message_id,
    status: "sent",
    error: null,
  }
  io.to(conversation_id).emit("new_message", message)
  ack({ message, conversation_id })
}

http.listen(Number(process.env.PORT), "127.0.0.1")
