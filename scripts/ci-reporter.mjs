/**
 * What `npm test` prints where nobody watches (CI): a line for each test file as it ends, the failures in full, and the
 * summary as the very last lines.
 */
import { DefaultReporter } from 'vitest/node';

export default class CiReporter extends DefaultReporter {
  constructor() {
    super({ summary: false });
  }

  /** One line instead of one for each test. */
  printTestModule(module) {
    const tests = [...module.children.allTests()];
    const count = (state) => tests.filter((test) => test.result().state === state).length;
    const [failed, skipped] = [count('failed'), count('skipped')];
    const parts = [`${tests.length} tests`];
    if (failed > 0) parts.push(`${failed} failed`);
    if (skipped > 0) parts.push(`${skipped} skipped`);
    const seconds = (module.diagnostic().duration / 1000).toFixed(1);
    const mark = module.ok() ? 'pass' : 'FAIL';
    this.log(`${mark} ${module.relativeModuleId} (${parts.join(', ')}) ${seconds} s`);
  }

  onTestRunEnd(modules, errors, reason) {
    super.onTestRunEnd(modules, errors, reason);
    const summary = summaryOf(modules, errors);
    // After whatever other reporters still have to say.
    process.once('exit', () => process.stdout.write(`\n${summary.join('\n')}\n`));
  }
}

function summaryOf(modules, errors) {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const count = (state) => tests.filter((test) => test.result().state === state).length;
  const broken = modules.filter((module) => !module.ok());
  const failed = tests.filter((test) => test.result().state === 'failed');
  const lines = [];
  for (const module of broken) {
    const own = failed.filter((test) => test.module === module);
    if (own.length === 0) lines.push(`FAIL ${module.relativeModuleId}`);
    for (const test of own) lines.push(`FAIL ${module.relativeModuleId} > ${test.fullName}`);
  }
  if (errors.length > 0) lines.push(`FAIL ${errors.length} errors outside of tests`);
  return [...lines, `${count('passed')} passed, ${failed.length} failed, ${count('skipped')} skipped`];
}
