import { extname } from 'node:path';
import { Option, type Command } from 'commander';
import {
  ExportOptionsSchema,
  LayoutSchema,
  type ExportFormat,
  type ExportOptions,
} from '../../shared/contract.ts';
import { checked, type CommonOptions } from './cli.ts';
import { printable } from './terminal.ts';

/** How a story is laid out, for the commands that write one. */
export interface LayoutOptions extends CommonOptions {
  output: string;
  layout: string;
  page: ExportOptions['page'];
  orientation: ExportOptions['orientation'];
  notes: boolean;
  durations: boolean;
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
      'grid-1x1 to grid-4x4 (columns x rows), picture-book or script-left',
      checked(LayoutSchema),
      defaults.layout,
    )
    .addOption(new Option('--page <size>', 'the paper').choices(['a4', 'letter']).default(defaults.page))
    .addOption(
      new Option('--orientation <way>', 'how the paper lies')
        .choices(['portrait', 'landscape'])
        .default(defaults.orientation),
    )
    .option('--notes', 'print the notes', defaults.notes)
    .option('--durations', 'print how long each panel lasts', defaults.durations);
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

export function exportOptions({ layout, page, orientation, notes, durations }: LayoutOptions): ExportOptions {
  return ExportOptionsSchema.parse({ layout, page, orientation, notes, durations });
}
