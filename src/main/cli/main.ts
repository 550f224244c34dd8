import { nodeProblem } from '../node-version.ts';

const problem = nodeProblem();
if (problem !== null) {
  console.error(`fabula: ${problem}`);
  process.exit(1);
}
// Only now may anything be loaded that brings a native module.
const { runCommandLine } = await import('./program.ts');
const code = await runCommandLine(process.argv.slice(2));
// What was printed into a pipe leaves before the process does.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
