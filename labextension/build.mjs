/**
 * Bundles the panel into the Python package, the JupyterLab extension into lib/ (which @jupyter/builder makes a federated
 * module of), and with --dev the harness page too.
 *
 *   node build.mjs [--dev] [--watch]
 */
import { context } from 'esbuild';
import { gzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';

const here = new URL('.', import.meta.url).pathname;
const common = {
  absWorkingDir: here,
  bundle: true,
  format: 'esm',
  target: 'es2020',
  minify: true,
  legalComments: 'none',
  metafile: true,
};
const panel = {
  ...common,
  entryPoints: ['loader.ts', 'script.ts', 'large.ts'].map((name) => `src/panel/${name}`),
  loader: { '.css': 'text' },
  outdir: '../jtune/static',
};
// JupyterLab brings most of its packages; the builder knows which.
const lab = {
  ...common,
  entryPoints: ['src/lab/index.ts'],
  outdir: 'lib',
  packages: 'external',
  minify: false,
};
const harness = { ...common, entryPoints: ['dev/harness.ts'], outdir: 'dev/out', minify: false };

function report({ metafile }) {
  for (const path of Object.keys(metafile.outputs)) {
    const bytes = readFileSync(new URL(path, import.meta.url));
    const sizes = [bytes, gzipSync(bytes)].map((content) => `${(content.length / 1000).toFixed(1)} kB`);
    console.log(`${path}  ${sizes[0]}  (gzip ${sizes[1]})`);
  }
}

for (const options of process.argv.includes('--dev') ? [panel, lab, harness] : [panel, lab]) {
  const builder = await context(options);
  report(await builder.rebuild());
  if (process.argv.includes('--watch')) await builder.watch();
  else await builder.dispose();
}
