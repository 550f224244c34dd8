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
}

/** What every part of the evaluation is given. */
export interface EvalOptions {
  /** Folder with `photos`, `stories`, `reference` and `tools`; parts of it may be missing. */
  shared: string;
  /** Scores few examples of each part, to see that all of it runs. */
  quick: boolean;
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
