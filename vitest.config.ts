import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Where nobody watches, the log is read afterwards: it is short, and a report is kept beside it. */
const unwatched = process.env['CI'] !== undefined && process.env['CI'] !== '';

/** The files that take longest, the longest first. */
const longest = [
  'e2e/crash',
  'e2e/access',
  'integration/bad-input',
  'e2e/safety',
  'integration/cli',
  'e2e/suggest',
  'e2e/sketch',
];

/**
 * Starts the longest files first, so that no worker is left alone with one of them at the end. Vitest itself knows
 * which they are only where they have run before, and in a fresh checkout takes the largest for the longest.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = longest.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return place < 0 ? longest.length : place;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    ...(unwatched
      ? {
          reporters: ['./scripts/ci-reporter.mjs', ['junit', { outputFile: 'test-results/junit.xml' }]],
          silent: 'passed-only' as const,
        }
      : {}),
    // Two workers: the suite is sized for a two-core machine, and one test file may itself start a model worker.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // A machine that runs two test files at once may take its time to draw a picture.
    expect: { poll: { timeout: 15_000 } },
  },
});
