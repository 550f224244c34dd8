import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Lessons, Match } from '../../src/shared/contract.ts';
import { ensureBuilt, fabula, root, temporaryFolder } from '../fixtures/built.ts';

beforeAll(ensureBuilt, 120_000);

test(
  'the command line says what suits a text and why, and what was learned',
  { timeout: 180_000 },
  async () => {
    const data = ['--data', join(temporaryFolder(), 'data')];
    const empty = await fabula(['match', 'A dog on the beach.', ...data]);
    expect(empty.code).toBe(0);
    expect(empty.out).toMatch(/^drawing \(\d+%\)\nA sketch shows .* The library has no pictures yet\.\n$/);

    await fabula(['import', join(root, 'resources/samples'), ...data]);
    const found = await fabula(['match', 'A dog on the beach.', ...data, '--json']);
    const { decision } = JSON.parse(found.out) as Pick<Match, 'decision'>;
    expect(decision).toMatchObject({ choice: 'retrieve', because: [{ code: 'reasonWords' }, {}] });
    const none = await fabula(['match', 'Nobody knew why it mattered so much.', ...data]);
    expect(none.out).toMatch(/^neither \(\d+%\)\nNeither is good\./);

    const shown = await fabula(['decide', 'show', ...data, '--json']);
    expect(JSON.parse(shown.out) as Lessons).toMatchObject({ answers: 0, leftOut: 0, learning: true });
    expect((await fabula(['decide', 'off', ...data])).out).toBe('Learning is off.\n');
    expect((await fabula(['decide', ...data])).out).toContain('0 answers, 0 left out; learning is off.');
    expect((await fabula(['decide', 'forget', ...data])).out).toBe('0 choices left out.\n');
  },
);
