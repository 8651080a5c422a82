// Bundles every entry point into ../src/kg_server/web/pages/static/build, under names that carry a
// hash of their content, and writes manifest.json: entry point -> file name.

import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const outdir = resolve(here, "../src/kg_server/web/pages/static/build");
const entries = ["page", "editor"];

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

// The licences of the packages that are bundled ask for their notices in every copy.
const packages = new Set();
for (const input of Object.keys(metafile.inputs)) {
  const found = input.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//);
  if (found) packages.add(found[1]);
}
const notices = [];
for (const folder of [...packages].sort()) {
  const { name, version, license } = JSON.parse(
    await readFile(join(here, folder, "package.json"), "utf8"),
  );
  const files = await readdir(join(here, folder));
  const file = files.find((each) => /^licen[cs]e/i.test(each));
  if (!file) throw new Error(`${name} ${version} (${license}) has no licence file`);
  const text = await readFile(join(here, folder, file), "utf8");
  notices.push(`${name} ${version} (${license})\n\n${text.trim()}\n`);
}
await writeFile(resolve(outdir, "licences.txt"), notices.join(`\n${"-".repeat(72)}\n\n`));
