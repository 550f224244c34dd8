import { Option, type Command } from 'commander';
import { captionModes, CaptionOptionsSchema, type CaptionOptions } from '../../shared/contract.ts';
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
    .action(async (folder: string, options: Options) => {
      const { mode, prefix, suffix, length, replacePerson } = options;
      const { captionFolder, captionLine } = await import('../captions/folder.ts');
      await cli.withStudio(options, async ({ library, models, database, history, clock, ids, dataDir }) => {
        const tally = { captioned: 0, kept: 0, failed: 0 };
        const results = captionFolder(
          { library, models, database, history, clock, ids },
          {
            folder,
            options: CaptionOptionsSchema.parse({ mode, prefix, suffix, length, replacePerson }),
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
