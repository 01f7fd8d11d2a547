// Who signs out leaves nothing in the tab for whoever sits down next.

export function enhanceSignOut() {
  document.addEventListener("submit", ({ target, submitter }) => {
    const address = submitter?.getAttribute("formaction") ?? target.getAttribute("action")
    if (address === "/logout") sessionStorage.clear()
  })
}
