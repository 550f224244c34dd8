import { expect, test } from 'vitest';
import { nodeProblem } from '../../../src/main/node-version.ts';

test('a Node that the native modules would crash is refused in one line that says what to do', () => {
  for (const version of ['18.20.4', '20.19.0', '21.7.3']) {
    expect(nodeProblem(version)).toContain(version);
    expect(nodeProblem(version)).not.toContain('\n');
  }
  for (const version of ['22.0.0', '24.21.0', '100.0.0']) expect(nodeProblem(version)).toBeNull();
  expect(nodeProblem()).toBeNull();
});
