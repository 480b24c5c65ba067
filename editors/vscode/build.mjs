// Bundles the extension into one JavaScript file.
import { copyFileSync, existsSync } from 'node:fs';
import { build } from 'esbuild';

await build({
  entryPoints: ['src/extension.ts'],
  outfile: 'dist/extension.js',
  bundle: true,
  minify: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  external: ['vscode'],
  logLevel: 'warning',
});

// Shown beside the README; the repository has one changelog.
if (existsSync('../../CHANGELOG.md')) copyFileSync('../../CHANGELOG.md', 'CHANGELOG.md');
