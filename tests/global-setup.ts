import { ensureBuilt } from './fixtures/built.ts';

/** Once before all tests: the end-to-end tests run what is in `out/`, so it must be what the sources say. */
export default function setup(): void {
  ensureBuilt();
}
