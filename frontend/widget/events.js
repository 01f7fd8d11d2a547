// What happens in the frame, by name, and what is done about it. The server's own events have the server's names and
// payloads; of ours are `online` and `refused` (the line), `other` (this browser's visitor is somebody else from now on;
// identity.js, `become`) and `changed` (there is something new to show).

export const on = {}
