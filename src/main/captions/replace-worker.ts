import { parentPort, workerData } from 'node:worker_threads';
import type { TextChange } from '../../shared/contract.ts';

export interface ReplaceTask {
  texts: string[];
  find: string;
  replace: string;
  regex: boolean;
  matchCase: boolean;
  wholeWords: boolean;
  /** For how many of the texts that change the changes are spelled out. */
  spelledOut: number;
}

export interface Replaced {
  /** Index of the text. */
  text: number;
  after: string;
  /** Places found. */
  places: number;
  changes: TextChange[];
}

export type ReplaceReply = { ok: true; replaced: Replaced[] } | { ok: false; message: string };

/**
 * Finds and replaces in many texts, in a thread of its own: an expression that takes for ever is ended with the thread,
 * and nobody else has waited for it.
 */
function replaceAll(task: ReplaceTask): Replaced[] {
  const { find, replace, regex, matchCase, wholeWords } = task;
  const source = regex ? find : find.normalize('NFC').replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  const expression = new RegExp(source, matchCase ? 'gu' : 'giu');
  const replaced: Replaced[] = [];
  for (const [index, given] of task.texts.entries()) {
    // Letters with marks are one sign or two, as they were typed; a person sees no difference.
    const text = given.normalize('NFC');
    const found = [...text.matchAll(expression)];
    const matches = wholeWords ? whole(text, found) : found;
    if (matches.length === 0) continue;
    const changes: TextChange[] = [];
    const add = (kind: TextChange['kind'], part: string): void => {
      if (part !== '') changes.push({ kind, text: part });
    };
    let end = 0;
    let after = '';
    for (const match of matches) {
      const put = regex ? filledIn(replace, match) : replace;
      const between = text.slice(end, match.index);
      after += between + put;
      end = match.index + match[0].length;
      add('same', between);
      add('removed', match[0]);
      add('added', put);
    }
    add('same', text.slice(end));
    after += text.slice(end);
    if (after.trim() === text.trim()) continue;
    replaced.push({
      text: index,
      after,
      places: matches.length,
      changes: replaced.length < task.spelledOut ? changes : [],
    });
  }
  return replaced;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });

/** Those matches that begin and end where a word does (UAX #29, and dictionaries for scripts without spaces). */
function whole(text: string, matches: readonly RegExpExecArray[]): RegExpExecArray[] {
  if (matches.length === 0) return [];
  const edges = new Set([text.length]);
  for (const { index } of segmenter.segment(text)) edges.add(index);
  return matches.filter((match) => edges.has(match.index) && edges.has(match.index + match[0].length));
}

/** Puts what was found into a replacement, as `String.prototype.replace` does. */
function filledIn(template: string, match: RegExpExecArray): string {
  return template.replace(
    /\$(?:\$|&|(\d\d?)|<([^>]*)>)/g,
    (sign, number: string | undefined, name: string | undefined) => {
      if (sign === '$$') return '$';
      if (sign === '$&') return match[0];
      if (name !== undefined) return match.groups === undefined ? sign : (match.groups[name] ?? '');
      // `$12` is the first group and a 2 where there are fewer than twelve.
      const group = Number(number);
      if (group > 0 && group < match.length) return match[group] ?? '';
      const first = Number(number![0]);
      if (first > 0 && first < match.length) return (match[first] ?? '') + number!.slice(1);
      return sign;
    },
  );
}

let reply: ReplaceReply;
try {
  reply = { ok: true, replaced: replaceAll(workerData as ReplaceTask) };
} catch (error) {
  reply = { ok: false, message: error instanceof Error ? error.message : String(error) };
}
parentPort!.postMessage(reply);
