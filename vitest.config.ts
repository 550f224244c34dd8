import { defineConfig } from 'vitest/config';

/** Where nobody watches, the log is read afterwards: it is short, and a report is kept beside it. */
const unwatched = process.env['CI'] !== undefined && process.env['CI'] !== '';

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
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // A machine that runs two test files at once may take its time to draw a picture.
    expect: { poll: { timeout: 15_000 } },
  },
});
