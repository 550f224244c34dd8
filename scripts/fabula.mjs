#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildIfStale, root, suitableNode } from './build.mjs';

// The command line from a checkout: builds what is stale, then runs it on a Node that is new enough.

let node;
try {
  node = suitableNode();
  buildIfStale();
} catch (error) {
  console.error(`fabula: ${error.message}`);
  process.exit(1);
}

if (node === process.execPath) {
  await import(pathToFileURL(join(root, 'out', 'main', 'cli.js')).href);
} else {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`fabula: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    // Dies as the child died, so that a shell sees the signal and not an exit code.
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
