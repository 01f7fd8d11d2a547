// A short tone of two notes, made when it is first heard: no file, nobody asked.

const NOTES = [
  [0, 660],
  [0.11, 880],
] // seconds from now, hertz
const LENGTH = 0.35
const LOUD = 0.12
const APART_MS = 2_000 // several answers at once are one tone

let context
let last = 0

export function chime() {
  // A browser lets only those be heard whom somebody has touched, and complains of others.
  if (!navigator.userActivation?.hasBeenActive || Date.now() - last < APART_MS) return
  last = Date.now()
  context ??= new AudioContext()
  for (const [after, hertz] of NOTES) {
    const at = context.currentTime + after
    const note = new OscillatorNode(context, { frequency: hertz })
    const gain = new GainNode(context, { gain: 0 })
    gain.gain.setValueAtTime(LOUD, at)
    gain.gain.exponentialRampToValueAtTime(0.001, at + LENGTH)
    note.connect(gain).connect(context.destination)
    note.start(at)
    note.stop(at + LENGTH)
  }
}
