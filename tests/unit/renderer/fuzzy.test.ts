import { describe, expect, test } from 'vitest';
import { folded, fuzzyScore } from '../../../src/renderer/src/state/fuzzy.ts';

/** The titles that answer, best first. */
function found(query: string, titles: readonly string[]): string[] {
  return titles
    .map((title) => ({ title, score: fuzzyScore(query, title) }))
    .filter((one): one is { title: string; score: number } => one.score !== null)
    .sort((a, b) => b.score - a.score)
    .map(({ title }) => title);
}

const titles = [
  'New panel after this one',
  'New story',
  'Open “The panel painter”',
  'Añadir imágenes…',
  'تصدير القصة…',
  'パネルを複製',
  'パネルを削除',
  '導出',
];

describe('a title is found', () => {
  test.each([
    ['new', ['New story', 'New panel after this one']],
    ['panel new', ['New panel after this one']],
    ['npan', ['New panel after this one']],
    ['anadir imag', ['Añadir imágenes…']],
    ['تصدير', ['تصدير القصة…']],
    ['القصه', ['تصدير القصة…']],
    ['複製', ['パネルを複製']],
    ['ぱねる', ['パネルを複製', 'パネルを削除']],
    ['ﾊﾟﾈﾙ', ['パネルを複製', 'パネルを削除']],
  ])('by “%s”', (query, expected) => {
    const answers = found(query, titles);
    for (const title of expected) expect(answers).toContain(title);
    expect(answers[0]).toBe(expected[0]);
  });

  test('whole words before letters that stand apart, and the beginning before the middle', () => {
    expect(found('pan', ['Spanish', 'Panel', 'A plane'])).toEqual(['Panel', 'Spanish', 'A plane']);
  });

  test('not by letters that it lacks or has in another order', () => {
    expect(found('xyz', titles)).toEqual([]);
    expect(fuzzyScore('ba', 'ab')).toBe(null);
    expect(found('', ['b', 'a'])).toEqual(['b', 'a']);
  });
});

test('sound marks of kana are kept, accents and vowel signs are not', () => {
  expect(folded('Ｅ́cole')).toBe('ecole');
  expect(folded('قِصَّة')).toBe('قصه');
  expect(folded('ガ')).toBe('が');
  expect(folded('カ')).not.toBe(folded('ガ'));
});
