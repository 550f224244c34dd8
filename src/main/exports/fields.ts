import type { Story } from '../../shared/story.ts';

/** Header and footer: text with fields in braces. */

/** Stand for the page's number and the number of pages until the pages are set: Unicode noncharacters, in no text. */
const pageMark = '\uFDD0';
const pagesMark = '\uFDD1';

/** A piece of a running line: words, or a number that only the pages know. */
export type RunningPiece = string | { count: 'page' | 'pages' };

/** True when a header or footer numbers the pages itself. */
export function namesPage(text: string): boolean {
  return text.includes('{page}');
}

/**
 * Fills in what a story knows. `{page}` and `{pages}` become marks that {@link piecesOf} finds; braces around anything
 * else stay as they are.
 *
 * @param language BCP 47 tag in which the date is written
 */
export function fillFields(text: string, story: Story, date: Date, language: string): string {
  const values: Record<string, () => string> = {
    title: () => story.title,
    author: () => story.settings.author,
    date: () => dateIn(date, language),
    page: () => pageMark,
    pages: () => pagesMark,
  };
  return text
    .replaceAll(pageMark, '')
    .replaceAll(pagesMark, '')
    .replace(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? values[name]!() : whole));
}

/** Takes a filled line apart at the page numbers. */
export function piecesOf(line: string): RunningPiece[] {
  return line
    .split(/([\uFDD0\uFDD1])/)
    .filter((piece) => piece !== '')
    .map((piece) =>
      piece === pageMark ? { count: 'page' } : piece === pagesMark ? { count: 'pages' } : piece,
    );
}

/** A filled text for a document of a single page without end, such as a web page. */
export function withoutPages(text: string): string {
  return text.replaceAll(pageMark, '1').replaceAll(pagesMark, '1');
}

function dateIn(date: Date, language: string): string {
  try {
    return new Intl.DateTimeFormat(language || 'en', { dateStyle: 'long' }).format(date);
  } catch {
    // A tag that is not well formed: the day is still worth more than nothing.
    return new Intl.DateTimeFormat('en', { dateStyle: 'long' }).format(date);
  }
}
