// Builds the widget: frontend/widget/ -> static/widget/, minified and the same byte for byte on every machine.
// `--check` builds in memory and fails when what is committed differs.

import { createHash } from "node:crypto"
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build, transform } from "esbuild"

const here = fileURLToPath(new URL(".", import.meta.url))
const out = join(here, "../../static/widget")
const target = ["chrome100", "firefox101", "safari16.4"] // adoptedStyleSheets everywhere

/** A style sheet imported from JavaScript is its minified text: adopted by what needs it. */
const styleAsText = {
  name: "style-as-text",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true, target })
      return { contents: code.trim(), loader: "text" }
    })
  },
}

// Parts of the frame that are loaded with their first use, each whole in its own file.
const onDemand = ["attach.js", "emoji.js", "forced.js", "forms.js", "help.js", "preview.js", "sound.js"]

const shared = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  target,
  outdir: out,
  write: false,
  legalComments: "none",
}
// What is loaded on a host page is asked for as it was built with, not as a browser still has it.
const versionOf = ({ outputFiles: [{ text }] }) =>
  JSON.stringify(createHash("sha256").update(text).digest("hex").slice(0, 8))
const onHost = { ...shared, format: "esm", plugins: [styleAsText] }
const greeting = await build({ ...onHost, entryPoints: ["greeting.js"] })
const GREETING = versionOf(greeting)
const panel = await build({ ...onHost, entryPoints: ["panel.js"], define: { GREETING } })
const PANEL = versionOf(panel)
const results = await Promise.all([
  greeting,
  panel,
  build({ ...shared, entryPoints: ["loader.js"], format: "iife", plugins: [styleAsText], define: { PANEL } }),
  build({
    ...shared,
    entryPoints: ["frame.js", "frame.css"],
    format: "esm",
    external: onDemand.map((name) => `./${name}`),
  }),
  build({ ...shared, entryPoints: onDemand, format: "esm", plugins: [styleAsText] }),
])

// Of each language what the frame says, packed.
const languages = (await readdir(join(here, "languages"))).map(async (name) => {
  const { frame, forms, files, help } = JSON.parse(await readFile(join(here, "languages", name), "utf8"))
  return { path: join(out, "languages", name), text: `${JSON.stringify({ ...frame, ...forms, ...files, ...help })}\n` }
})

const check = process.argv.includes("--check")
await mkdir(join(out, "languages"), { recursive: true })
for (const { path, text } of [...results.flatMap((result) => result.outputFiles), ...(await Promise.all(languages))]) {
  if (!check) await writeFile(path, text)
  else if ((await readFile(path, "utf8").catch(() => "")) !== text) {
    console.error(`static/widget/${basename(path)} is not what its sources give: run npm run build:widget`)
    process.exitCode = 1
  }
}
