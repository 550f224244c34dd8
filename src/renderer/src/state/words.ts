import { language } from './language.svelte.ts';

/** Numbers, dates and sizes as the language of the window writes them. */

/** One formatter a language, made when it is first needed. */
function perLanguage<T>(make: (language: string) => T): () => T {
  const made = new Map<string, T>();
  return () => {
    const { current } = language;
    let formatter = made.get(current);
    if (formatter === undefined) {
      formatter = make(current);
      made.set(current, formatter);
    }
    return formatter;
  };
}

const wholeNumbers = perLanguage((code) => new Intl.NumberFormat(code, { maximumFractionDigits: 0 }));
const decimals = perLanguage((code) => new Intl.NumberFormat(code, { maximumFractionDigits: 2 }));
const percentages = perLanguage(
  (code) => new Intl.NumberFormat(code, { style: 'percent', maximumFractionDigits: 0 }),
);
const days = perLanguage((code) => new Intl.DateTimeFormat(code, { dateStyle: 'medium' }));
const minutes = perLanguage(
  (code) => new Intl.DateTimeFormat(code, { dateStyle: 'medium', timeStyle: 'short' }),
);
const collators = perLanguage((code) => new Intl.Collator(code, { numeric: true }));

/** `1 picture`, `1,204 pictures`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${wholeNumbers().format(count)} ${count === 1 ? one : many}`;
}

/** A number with up to two decimals: `1,204`, `2.5`. */
export function number(value: number): string {
  return decimals().format(value);
}

/** A share from 0 to 1 as `74%`; never 100% or 0% for what is not quite certain or impossible. */
export function percent(share: number): string {
  const kept = share >= 1 || share <= 0 ? share : Math.min(0.99, Math.max(0.01, share));
  return percentages().format(kept);
}

export function day(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : days().format(date);
}

export function dayAndTime(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : minutes().format(date);
}

const sizeUnits = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
const sizes = perLanguage((code) =>
  sizeUnits.map((unit, index) =>
    [0, 1].map(
      (digits) =>
        new Intl.NumberFormat(code, {
          style: 'unit',
          unit,
          unitDisplay: index === 0 ? 'narrow' : 'short',
          maximumFractionDigits: digits,
        }),
    ),
  ),
);

/** Bytes as a person reads them: `812 kB`, `3.4 MB`. */
export function fileSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < sizeUnits.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return sizes()[unit]![unit > 0 && value < 9.95 ? 1 : 0]!.format(value);
}

/** The order of two titles in a list. */
export function inOrder(a: string, b: string): number {
  return collators().compare(a, b);
}
