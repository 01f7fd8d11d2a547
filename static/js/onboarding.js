// The last step: the first message lights the card up the moment that it is stored.

import { fragment, morphById } from "./fragment.js"
import { connect } from "./socket.js"

export function enhanceLive(card) {
  const look = async () => morphById(await fragment(card.dataset.url), "live")
  connect({
    auth: { business_id: card.dataset.business },
    onEvent: (name) => {
      if (name === "new_message") look()
    },
    onState: (state) => {
      if (state === "online") look()
    },
  })
}
