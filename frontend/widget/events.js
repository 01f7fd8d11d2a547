// What happens in the frame, by name, and what is done about it. The server's own events have the server's names and
// payloads; of ours are `online` and `refused` (the line), `other` (this browser's visitor is somebody else from now on;
// identity.js, `become`), `changed` (there is something new to show), and what a visitor does in a conversation: `said`
// (content, files, customer: as `send` of outgoing.js), `helped` by Theo, `looked` at its end, `back` out of it.

export const on = {}
