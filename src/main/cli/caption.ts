import { Option, type Command } from 'commander';
import { captionModes, CaptionOptionsSchema, type CaptionOptions } from '../../shared/contract.ts';
import { readFile } from 'node:fs/promises';
import { FabulaError } from '../../shared/errors.ts';
import { explainFileError } from '../fs-errors.ts';
import type { SavedStyles } from '../captions/style/saved-styles.ts';
import type { TellingLength } from '../../shared/telling.ts';
import { common, wholeNumber, type Cli, type CommonOptions } from './cli.ts';
import { count, printable } from './terminal.ts';

interface Options extends CommonOptions {
  jsonl?: string;
  csv?: string;
  txt?: boolean;
  xmp?: boolean;
  embed?: boolean;
  mode: CaptionOptions['mode'];
  prefix: string;
  suffix: string;
  length: TellingLength;
  replacePerson: boolean;
  example: string[];
  examples?: string;
  style?: string;
  saveStyle?: string;
}

/** `fabula caption DIR`: a caption for every picture of a folder, printed and written as it is made. */
export function addCaption(program: Command, cli: Cli): void {
  const defaults = CaptionOptionsSchema.parse({});
  common(program.command('caption'))
    .description('caption all pictures of a folder; run it again to go on where it was broken off')
    .argument('<folder>', 'the folder, with all below it')
    .option('--jsonl <file>', 'add a line of JSON a picture to this file: file, caption or error, pack')
    .option('--csv <file>', 'write a table of all captions to this file')
    .option('--txt', 'write each caption into a .txt beside its picture')
    .option('--xmp', 'write each caption into an .xmp file beside its picture, as photo programs do')
    .option('--embed', "write each caption into its picture's own metadata (XMP, IPTC and EXIF)")
    .addOption(
      new Option('--mode <mode>', 'what to do with a picture that has a caption')
        .choices(captionModes)
        .default(defaults.mode),
    )
    .option('--prefix <text>', 'put before every caption', defaults.prefix)
    .option('--suffix <text>', 'put after every caption', defaults.suffix)
    .option(
      '--length <number>',
      'how much to tell: 1 a word, 2 a phrase, 3 a sentence, 4 with the details, 5 a paragraph',
      wholeNumber(1, 5),
      defaults.length,
    )
    .option('--replace-person', 'change captions that a person wrote, too', defaults.replacePerson)
    .option(
      '--example <caption>',
      'write in the style of this caption of another picture; give three to eight',
      (value: string, all: string[]) => [...all, value],
      [],
    )
    .option('--examples <file>', 'read the examples of the style from a file, one a line')
    .option('--style <name>', 'write in a saved style')
    .option('--save-style <name>', 'keep the examples under a name')
    .action(async (folder: string, options: Options) => {
      const { mode, prefix, suffix, length, replacePerson } = options;
      const { captionFolder, captionLine } = await import('../captions/folder.ts');
      await cli.withStudio(options, async (studio) => {
        const { library, models, database, history, clock, ids, dataDir } = studio;
        const style = await styleAsked(options, studio.styles);
        const tally = { captioned: 0, kept: 0, failed: 0 };
        const results = captionFolder(
          { library, models, database, history, clock, ids },
          {
            folder,
            options: captionOptions({ mode, prefix, suffix, length, replacePerson, ...style }),
            jsonl: options.jsonl,
            csv: options.csv,
            txt: options.txt,
            xmp: options.xmp,
            embed: options.embed,
            exclude: [dataDir],
            signal: cli.signal,
            onProgress: ({ done, total }) => {
              cli.terminal.progress('Captioning', done, total);
            },
          },
        );
        try {
          for await (const result of results) {
            tally[result.state]++;
            cli.terminal.data(captionLine(result));
            if (result.error !== null) cli.fail(result.file, result.error.message);
            else if (result.state === 'captioned') {
              cli.terminal.say(`${printable(result.file)}\t${printable(result.caption ?? '')}`);
            }
          }
        } finally {
          cli.terminal.endProgress();
          cli.terminal.note(
            `${count(tally.captioned, 'picture')} captioned, ${tally.kept} had a caption, ${tally.failed} failed.`,
          );
        }
      });
    });
}

/** The examples that were given, read from a file, or saved under a name; kept under one where that was asked. */
async function styleAsked(
  options: Options,
  styles: SavedStyles,
): Promise<{ style: string; examples: string[] }> {
  const given = [...options.example];
  if (options.examples !== undefined) {
    const file = options.examples;
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      throw explainFileError(error, file);
    });
    given.push(...text.split('\n').filter((line) => line.trim() !== ''));
  }
  if (options.style !== undefined) {
    if (given.length > 0) {
      throw new FabulaError('invalid-input', 'Give either examples or the --style that is saved, not both.');
    }
    const { name, examples } = styles.get(options.style);
    return { style: name, examples };
  }
  if (options.saveStyle !== undefined) styles.save(options.saveStyle, given);
  return { style: options.saveStyle ?? '', examples: given };
}

/** @throws FabulaError `invalid-input` naming what is not accepted */
function captionOptions(given: unknown): CaptionOptions {
  const options = CaptionOptionsSchema.safeParse(given);
  if (options.success) return options.data;
  const { length } = (given as { examples: string[] }).examples;
  throw new FabulaError(
    'invalid-input',
    length > 0 && (length < 3 || length > 8)
      ? `A style is learned from three to eight examples; ${length} were given.`
      : `The options are not accepted: ${options.error.issues[0]?.message ?? 'unknown reason'}.`,
  );
}
