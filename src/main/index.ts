import { nodeProblem } from './node-version.ts';

// Electron brings its own Node, so this refuses only an Electron far too old.
const problem = nodeProblem();
if (problem !== null) {
  console.error(`fabula: ${problem}`);
  process.exit(1);
}
// Awaited at the top level: the scheme has to be registered before Electron says that it is ready.
const { startDesktop } = await import('./desktop/app.ts');
startDesktop();
