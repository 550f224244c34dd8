import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    // Two workers: the suite is sized for a two-core machine, and one test file may itself start a model worker.
    maxWorkers: 2,
    testTimeout: 60_000,
    // Real processes, sockets and a browser on a busy machine: a test gets a second try, and the report says which did.
    retry: 1,
    hookTimeout: 120_000,
    // A machine that runs two test files at once may take its time to draw a picture.
    expect: { poll: { timeout: 15_000 } },
  },
});
