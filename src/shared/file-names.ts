const names = new Intl.Collator('en', { numeric: true });

/** The order of names in a folder: numbers in them count as numbers, so `2.jpg` comes before `10.jpg`. */
export function compareNames(a: string, b: string): number {
  return names.compare(a, b) || (a < b ? -1 : 1);
}
