/** One line of the table of `npm run eval`. */
export interface EvalRow {
  /** What is scored: `captions`, `retrieval`, `word pyramid`, … */
  part: string;
  /** The figure, with the data it was measured on. */
  what: string;
  /** A number is printed to four digits. */
  value: number | string;
  /** What is asked of it, as the table shows it: `>= 0.42`. */
  asked?: string;
  /** Whether it is what was asked; left out where nothing was. */
  met?: boolean;
  note?: string;
  /** The part broke down: there is no figure. */
  failed?: boolean;
}

/** What every part of the evaluation is given. */
export interface EvalOptions {
  /** Folder with `photos`, `stories`, `reference` and `tools`; parts of it may be missing. */
  shared: string;
  /** Scores few examples of each part, to see that all of it runs. */
  quick: boolean;
  /** Hears what is being done, and how far it is; calls that say the same are told now and then only. */
  progress: (what: string, done?: number, total?: number) => void;
}

/** Scores one part of the starter pack through the app's own code. */
export type EvalPart = (options: EvalOptions) => Promise<EvalRow[]>;

/** A row for a figure of which at least `asked` is asked. */
export function atLeast(part: string, what: string, value: number, asked: number, note?: string): EvalRow {
  return {
    part,
    what,
    value,
    asked: `>= ${asked}`,
    met: value >= asked,
    ...(note === undefined ? {} : { note }),
  };
}

/** A row for a figure of which at most `asked` is asked. */
export function atMost(part: string, what: string, value: number, asked: number, note?: string): EvalRow {
  return {
    part,
    what,
    value,
    asked: `<= ${asked}`,
    met: value <= asked,
    ...(note === undefined ? {} : { note }),
  };
}

/** A row that says why a part was not scored. */
export function skipped(part: string, why: string): EvalRow {
  return { part, what: 'not scored', value: '', note: why };
}

/** A row that says how a part broke down. */
export function failed(part: string, why: string): EvalRow {
  return { part, what: 'not scored', value: 'failed', met: false, note: why, failed: true };
}

/**
 * A row that compares a figure measured through the app with PyTorch's on the same inputs: the difference, and whether
 * it is within 1 % (issue 4).
 *
 * @param count where the figure is a share of so many: one of them may differ, which can be more than 1 % of a small share
 */
export function agreement(part: string, what: string, ours: number, theirs: number, count?: number): EvalRow {
  const one = count === undefined ? 0 : 1 / count + 1e-9;
  const apart = Math.abs(ours - theirs);
  const share = theirs === 0 || apart < 1e-6 ? 0 : (100 * (ours - theirs)) / Math.abs(theirs);
  const digits = (value: number): string => String(Number(value.toFixed(4)));
  return {
    part,
    what: `${what}: the app beside PyTorch`,
    value: ours,
    asked: `${digits(theirs)} ± 1 %`,
    met: apart <= Math.max(0.01 * Math.abs(theirs), one),
    note: `${share >= 0 ? '+' : ''}${share.toFixed(2)} %${apart >= 1e-6 && apart <= one ? '; one example apart at most' : ''}`,
  };
}

/** The rows as a Markdown table. */
export function markdownTable(rows: readonly EvalRow[]): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  const value = (row: EvalRow): string =>
    typeof row.value === 'number' ? String(Number(row.value.toFixed(4))) : row.value;
  const met = (row: EvalRow): string => (row.met === undefined ? '' : row.met ? 'yes' : '**no**');
  const lines = rows.map((row) =>
    [row.part, row.what, value(row), row.asked ?? '', met(row), row.note ?? ''].map(cell).join(' | '),
  );
  return [
    '| part | figure | measured | asked | met | note |',
    '| --- | --- | --- | --- | --- | --- |',
    ...lines.map((line) => `| ${line} |`),
  ].join('\n');
}
