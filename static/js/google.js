// Google's answer stands in the address after "#", which no server sees: it is taken out there and posted once.

export function takeAnswer(form) {
  const answer = new URLSearchParams(location.hash.slice(1))
  history.replaceState(null, "", location.pathname) // "Back" and bookmarks keep nothing of it
  if (!answer.get("id_token")) {
    document.querySelector("[data-google-waiting]").hidden = true
    document.querySelector("[data-google-nothing]").hidden = false
    return
  }
  form.elements.id_token.value = answer.get("id_token")
  form.elements.state.value = answer.get("state") ?? ""
  form.submit()
}
