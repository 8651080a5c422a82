// Bundles every entry point into ../src/kg_server/web/pages/static/build, under names that carry a
// hash of their content, and writes manifest.json: entry point -> file name.

import { rm, writeFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const outdir = resolve(here, "../src/kg_server/web/pages/static/build");
const entries = ["page", "editor", "graph"];

await rm(outdir, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: entries.map((name) => `src/${name}.js`),
  outdir,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "linked",
  metafile: true,
  logLevel: "warning",
});

const manifest = {};
for (const [file, { entryPoint, bytes }] of Object.entries(metafile.outputs)) {
  const name = entryPoint && basename(entryPoint, ".js");
  if (entries.includes(name)) manifest[name] = basename(file);
  if (file.endsWith(".js")) console.log(`${basename(file)}  ${(bytes / 1000).toFixed(1)} kB`);
}
await writeFile(resolve(outdir, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
