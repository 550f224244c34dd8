import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { SearchAnswer } from '../../shared/contract.ts';
import { explainFileError } from '../fs-errors.ts';
import { common, wholeNumber, type Cli, type CommonOptions } from './cli.ts';
import { embed } from './import.ts';
import { count, printable } from './terminal.ts';

/** `fabula search TEXT` and `fabula search --image FILE`. */
export function addSearch(program: Command, cli: Cli): void {
  const command = common(program.command('search'))
    .description('find pictures of the library by a text, or by a picture')
    .argument('[text...]', 'what to look for')
    .option('--image <file>', 'find pictures like this one')
    .option('-k, --limit <number>', 'how many to show', wholeNumber(1, 1000), 10)
    .action(async (words: string[], options: CommonOptions & { image?: string; limit: number }) => {
      const text = words.join(' ').trim();
      const { image, limit } = options;
      if ((text === '') === (image === undefined)) {
        command.error('error: give either a text or --image FILE to search for.', { exitCode: 2 });
      }
      await cli.withStudio(options, async (studio) => {
        await embed(studio, cli);
        const asked = { limit, signal: cli.signal };
        const answer =
          image === undefined
            ? await studio.search.text(text, asked)
            : await studio.search.picture(await readPicture(image), image, asked);
        printAnswer(cli, answer);
      });
    });
}

async function readPicture(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw explainFileError(error, file);
  }
}

/** Prints hits, best first: probability (or similarity), name, caption. */
export function printAnswer(cli: Cli, answer: SearchAnswer): void {
  const { terminal } = cli;
  terminal.data(answer);
  if (terminal.json) return;
  if (answer.translated !== null) terminal.note(`Searched for “${printable(answer.translated)}”.`);
  if (answer.hits.length === 0) {
    terminal.note('Nothing found. Import pictures with "fabula import FOLDER".');
    return;
  }
  if (!answer.good) terminal.note(`No good match. The nearest ${count(answer.hits.length, 'picture')}:`);
  for (const { asset, confidence, similarity, words } of answer.hits) {
    const measure =
      confidence !== null
        ? `${(confidence * 100).toFixed(0)}%`
        : similarity !== null
          ? similarity.toFixed(2)
          : '-';
    const caption = asset.caption?.text ?? '';
    terminal.say(
      [measure.padStart(4), words ? 'words' : '     ', printable(asset.name), printable(caption)]
        .join('  ')
        .trimEnd(),
    );
  }
}
