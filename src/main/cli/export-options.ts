import { extname } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  ExportOptionsSchema,
  LayoutSchema,
  type ExportFormat,
  type ExportOptions,
} from '../../shared/contract.ts';
import { FabulaError } from '../../shared/errors.ts';
import type { Story } from '../../shared/story.ts';
import { checked, type CommonOptions } from './cli.ts';
import { printable } from './terminal.ts';

/** How a story is laid out, for the commands that write one. */
export interface LayoutOptions extends CommonOptions {
  output: string;
  layout: string;
  page: ExportOptions['page'];
  orientation: ExportOptions['orientation'];
  place: ExportOptions['place'];
  panels: NumberRange[];
  header: string;
  footer: string;
  cover: boolean;
  notes: boolean;
  durations: boolean;
  text: boolean;
  captions: boolean;
  dialogue: boolean;
  shotNumbers: boolean;
  pageNumbers: boolean;
}

/** From one panel number to another, both included. */
interface NumberRange {
  from: number;
  to: number;
}

/** Reads `1-4,7`. @throws InvalidArgumentError, for the command's usage */
function panelRanges(text: string): NumberRange[] {
  return text.split(',').map((part) => {
    const [, from, to = from] = /^\s*(\d{1,5})\s*(?:-\s*(\d{1,5})\s*)?$/.exec(part) ?? [];
    const range = { from: Number(from), to: Number(to) };
    if (from === undefined || range.from < 1 || range.to < range.from) {
      throw new InvalidArgumentError('Use panel numbers and ranges, such as 1-4,7.');
    }
    return range;
  });
}

const formats: Readonly<Record<string, ExportFormat>> = {
  '.pdf': 'pdf',
  '.html': 'html',
  '.htm': 'html',
  '.md': 'markdown',
  '.zip': 'markdown',
  '.fabula': 'fabula',
};

export function withLayout(command: Command): Command {
  const defaults = ExportOptionsSchema.parse({});
  return command
    .requiredOption('-o, --output <file>', 'a .pdf, .html, .fabula, .md or .zip (Markdown and pictures) file')
    .option(
      '--layout <name>',
      'grid-1x1 to grid-4x4 (columns x rows), film-strip, picture-book or script-left',
      checked(LayoutSchema),
      defaults.layout,
    )
    .addOption(new Option('--page <size>', 'the paper').choices(['a4', 'letter']).default(defaults.page))
    .addOption(
      new Option('--orientation <way>', 'how the paper lies')
        .choices(['portrait', 'landscape'])
        .default(defaults.orientation),
    )
    .addOption(
      new Option('--place <where>', 'where pictures stand, in grids and picture books')
        .choices(['auto', 'above', 'beside'])
        .default(defaults.place),
    )
    .option('--panels <numbers>', 'only these panels: 1-4,7', panelRanges, [])
    .option(
      '--header <text>',
      'print at the top of every page; {title}, {author}, {date}, {page}, {pages} are filled in',
      checked(ExportOptionsSchema.shape.header),
      '',
    )
    .option(
      '--footer <text>',
      'print at the bottom of every page, as --header',
      checked(ExportOptionsSchema.shape.footer),
      '',
    )
    .option('--cover', 'begin with a cover page', defaults.cover)
    .option('--notes', 'print the notes', defaults.notes)
    .option('--durations', 'print how long each panel lasts', defaults.durations)
    .option('--no-text', 'leave out the text')
    .option('--no-captions', 'leave out the captions under pictures')
    .option('--no-dialogue', 'leave out the dialogue')
    .option('--no-shot-numbers', 'leave out the shot numbers')
    .option('--no-page-numbers', 'leave out the page numbers');
}

/** The format that a file's name asks for. Ends the command as wrong usage where there is none. */
export function formatOf(command: Command, file: string): ExportFormat {
  const format = formats[extname(file).toLowerCase()];
  if (format === undefined) {
    command.error(
      `error: cannot tell what to write into ${printable(file)}: name a .pdf, .html, .fabula, .md or .zip file.`,
      { exitCode: 2 },
    );
  }
  return format;
}

/**
 * @param story that is exported: panels are named by their numbers in it
 * @throws FabulaError `invalid-input` when it has none of the panels named
 */
export function exportOptions({ panels, ...options }: LayoutOptions, story: Story): ExportOptions {
  const chosen = story.panels.filter((_, index) =>
    panels.some(({ from, to }) => from <= index + 1 && index + 1 <= to),
  );
  if (panels.length > 0 && chosen.length === 0) {
    throw new FabulaError(
      'invalid-input',
      `“${story.title}” has ${story.panels.length} panels, none of those in --panels.`,
    );
  }
  return ExportOptionsSchema.parse({ ...options, panels: chosen.map(({ id }) => id) });
}
