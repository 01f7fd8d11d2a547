// The API's page in the theme that was chosen (theme.js), else in the system's. Before anything is drawn.

const chosen = /(?:^|; )theme=(light|dark)/.exec(document.cookie)?.[1]
const system = matchMedia("(prefers-color-scheme: dark)")
const draw = () => document.documentElement.classList.toggle("dark-mode", chosen ? chosen === "dark" : system.matches)

draw()
system.addEventListener("change", draw)
