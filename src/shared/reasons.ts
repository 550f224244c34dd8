import type { Reason } from './contract.ts';
import { translate, type Language } from './messages.ts';

/** A reason as a sentence of a language; values that are lists are joined as the language joins them. */
export function reasonText(language: Language, { code, values }: Reason): string {
  const list = new Intl.ListFormat(language, { style: 'long', type: 'unit' });
  const worded = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string' || typeof value === 'number' ? value : list.format(value),
    ]),
  );
  return translate(language, `match.${code}`, worded);
}
