/**
 * Small things that one window remembers for itself, such as the width of its panels. A window without storage (some
 * private modes refuse it) forgets them and works all the same.
 */

const prefix = 'fabula.';

/** What was kept under a name, or null. */
export function kept(name: string): string | null {
  try {
    return localStorage.getItem(prefix + name);
  } catch {
    return null;
  }
}

/** Keeps a text under a name; null forgets it. */
export function keep(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(prefix + name);
    else localStorage.setItem(prefix + name, value);
  } catch {
    // See above: to forget is all that happens.
  }
}
