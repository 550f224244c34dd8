import { describe, expect, it } from 'vitest';
import {
  allFigures,
  figureBody,
  findFigures,
  translateToEnglish,
  wordForms,
} from '../../../src/main/sketch/lexicon.ts';

const best = (query: string): string | undefined => findFigures(query, 1)[0]?.label;

describe('finding figures by word', () => {
  it.each([
    ['dog', 'dog'],
    ['puppies', 'dog'],
    ['perros', 'dog'],
    ['kucing-kucing', 'cat'],
    ['犬', 'dog'],
    ['الكلب', 'dog'],
    ['قطط', 'cat'],
    ['castillo', 'castle'],
    ['gajah', 'elephant'],
    ['お城', 'castle'],
    ['cheval', 'horse'],
    ['Hund', 'dog'],
    ['gato', 'cat'],
    ['사자', 'lion'],
    ['कुत्ता', 'dog'],
    ['大象', 'elephant'],
    ['כלב', 'dog'],
    ['kuda', 'horse'],
  ])('%s finds the %s', (query, label) => {
    expect(best(query)).toBe(label);
  });

  it('orders by score and keeps to the limit', () => {
    const found = findFigures('red car in the rain', 5);
    expect(found.length).toBeLessThanOrEqual(5);
    expect(found.map(({ score }) => score)).toEqual(found.map(({ score }) => score).sort((a, b) => b - a));
    expect(found[0]?.label).toBe('car');
  });

  it('finds nothing for nothing', () => {
    expect(findFigures('')).toEqual([]);
    expect(findFigures('xqzzv')).toEqual([]);
  });
});

describe('translating for search', () => {
  it.each([
    ['un perro en la playa', ['dog', 'in', 'beach']],
    ['Seekor kucing di dalam hutan', ['cat', 'in', 'forest']],
    ['猫が海で泳ぐ', ['cat', 'sea']],
    ['قطة على الطاولة', ['cat', 'on', 'table']],
  ])('%s', (text, words) => {
    const english = translateToEnglish(text).split(' ');
    for (const word of words) expect(english).toContain(word);
  });

  it('leaves English and unknown words alone', () => {
    expect(translateToEnglish('A dog on the beach.')).toBe('A dog on the beach.');
    expect(translateToEnglish('un perro y Zorbulax')).toContain('zorbulax');
  });
});

describe('word forms', () => {
  it('undoes the endings and prefixes of its languages', () => {
    expect(wordForms('wolves', 'en')).toContain('wolf');
    expect(wordForms('ladies', 'en')).toContain('lady');
    expect(wordForms('peces', 'es')).toContain('pez');
    expect(wordForms('burung-burung', 'ms')).toContain('burung');
    expect(wordForms('والكلب', 'ar')).toContain('كلب');
    expect(wordForms('كلبان', 'ar')).toContain('كلب');
  });
});

describe('the figures', () => {
  it('have a plausible height, an inked box and artwork', () => {
    for (const figure of allFigures()) {
      expect(figure.metres, figure.icon).toBeGreaterThan(0.01);
      expect(figure.metres, figure.icon).toBeLessThan(40);
      expect(figure.box.w * figure.box.h, figure.icon).toBeGreaterThan(0);
      expect(figureBody(figure.icon), figure.icon).toContain('<');
    }
  });

  it('refuses a figure the set does not have', () => {
    expect(() => figureBody('no-such-figure')).toThrow(/no-such-figure/);
    expect(() => figureBody('constructor')).toThrow(/constructor/);
  });
});
