import type { WriteRole } from '../roles.ts';

/** What a writer reads of a panel. */
export interface WrittenPanel {
  /** What its picture shows; null where it has none or nobody has said. */
  picture: string | null;
  /** Which of the pictures given it has, from 0; null or left out where its picture is not seen. */
  look?: number | null;
  text: string;
}

const straight: Readonly<Record<string, string>> = {
  '\u2018': "'",
  '\u2019': "'",
  '\u201a': "'",
  '\u201b': "'",
  '\u201c': '"',
  '\u201d': '"',
  '\u201e': '"',
  '\u2026': '...',
  '\u2013': '-',
  '\u2212': '-',
  _: '',
  '*': '',
};

/** A text as the writer has learned to read it: straight quotes, one space between words, no markup. */
export function plainText(text: string): string {
  return text
    .normalize('NFC')
    .replace(/[\u2018-\u201b\u201c-\u201e\u2026\u2013\u2212_*]/gu, (sign) => straight[sign] ?? '')
    .replace(/\s+/gu, ' ')
    .trim();
}

/** A caption as the writer has learned to read it: words in lower case, nothing between them. */
export function plainCaption(caption: string): string {
  return (caption.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? []).join(' ');
}

/**
 * Lays panels out as in training: `<bos> panel <eop> panel <eop> ...`, a panel being its text after the caption of its
 * picture, `<picture> caption </picture> text`. The last panel stays open: what comes next goes on from its text. Of
 * more than `most` pieces the nearest are kept: whole panels where they fit, the last one's own end otherwise.
 *
 * A picture that is seen takes `positions` places before its marks, written as -1 minus its number.
 */
export function layOut(
  panels: readonly WrittenPanel[],
  marks: WriteRole['marks'],
  encode: (text: string) => number[],
  most: number,
  positions = 0,
): number[] {
  let laidOut: number[] = [];
  for (const [back, { picture, look, text }] of [...panels].reverse().entries()) {
    const caption = picture === null ? '' : plainCaption(picture);
    const words = plainText(text);
    const seen = look === null || look === undefined ? [] : new Array<number>(positions).fill(-1 - look);
    const part = [
      ...seen,
      ...(caption === '' && seen.length === 0
        ? []
        : [marks.picture, ...(caption === '' ? [] : encode(` ${caption}`)), marks.pictureEnd]),
      ...(words === '' ? [] : encode(` ${words}`)),
    ];
    if (back > 0 && part.length === 0) continue;
    const ended = back === 0 ? part : [...part, marks.panelEnd];
    if (laidOut.length + ended.length >= most) {
      // The end of a panel that does not fit is worth more than nothing.
      const end = ended.slice(Math.max(0, ended.length - (most - laidOut.length)));
      // Part of a picture is no picture.
      const whole = end.filter((id) => id < 0).length === seen.length ? end : end.filter((id) => id >= 0);
      return [...whole, ...laidOut].slice(-most);
    }
    laidOut = [...ended, ...laidOut];
  }
  return [marks.begin, ...laidOut];
}
