// Who else has the open conversation on the screen, so that no two answer one customer: a quiet line below the reply.

import { ask } from "./fragment.js"

const names = new Map() // user id -> name

/** Says it in the thread's line. `me`: the reader's user id, who is no company. */
export async function showCompany(element, { viewers, typing }, me) {
  const line = element.querySelector("[data-company]")
  const writing = typing.filter((id) => id !== me)
  const others = writing.length ? writing : viewers.filter((id) => id !== me)
  const told = `${writing.length} ${others}`
  if (line.told === told) return
  line.told = told
  if (others.some((id) => !names.has(id))) await learnNames()
  if (line.told !== told) return // something newer came meanwhile
  const who = others.map((id) => names.get(id) ?? line.dataset.somebody).join(", ")
  const words = writing.length ? line.dataset.writing : line.dataset.here
  line.textContent = who && words.replace("{who}", who)
  line.title = line.textContent
}

async function learnNames() {
  const answer = await ask("/inbox/people/").catch(() => null) // then somebody is there, whoever it is
  for (const [id, name] of Object.entries((await answer?.json()) ?? {})) names.set(id, name)
}
