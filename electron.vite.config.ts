import { resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'electron-vite';

const at = (path: string): string => resolve(import.meta.dirname, path);

/** While developing, Vite puts styles into the page itself and talks to it over a socket; nothing else is let in. */
const developmentPolicy = {
  name: 'development-policy',
  apply: 'serve',
  transformIndexHtml: (html: string): string =>
    html
      .replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
      .replace("connect-src 'self'", "connect-src 'self' ws:")
      .replace(/; require-trusted-types-for[^"]*/, ''),
} as const;

export default defineConfig({
  main: {
    build: {
      // Plain JavaScript of many small files, needed at every start: in the bundle it is read in one go.
      externalizeDeps: {
        exclude: [
          'csv-stringify',
          'mdast-util-from-markdown',
          'mdast-util-frontmatter',
          'mdast-util-to-markdown',
          'micromark-extension-frontmatter',
          'yaml',
          'zod',
        ],
      },
      rollupOptions: {
        // One bundle per process: the Electron entry, the command line, the model worker, the typesetter, find and replace.
        input: {
          index: at('src/main/index.ts'),
          cli: at('src/main/cli/main.ts'),
          worker: at('src/main/models/worker.ts'),
          'pdf-worker': at('src/main/exports/pdf-worker.ts'),
          'replace-worker': at('src/main/captions/replace-worker.ts'),
        },
        // The types that packages import in comments are files that are not there.
        output: { comments: { jsdoc: false } },
      },
    },
  },
  preload: {
    build: {
      // A sandboxed preload can require nothing but electron, so everything else is bundled, as CommonJS.
      externalizeDeps: false,
      rollupOptions: {
        input: { index: at('src/preload/index.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: at('src/renderer'),
    plugins: [svelte(), developmentPolicy],
    build: {
      // Every window that opens reads all of it. The notices of licences stay.
      minify: true,
      rollupOptions: {
        input: { index: at('src/renderer/index.html') },
        output: { comments: { legal: true } },
      },
    },
  },
});
