import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { SearchAnswer } from '../../shared/contract.ts';
import { explainFileError } from '../fs-errors.ts';
import type { QueryTerm } from '../search.ts';
import { common, wholeNumber, type Cli, type CommonOptions } from './cli.ts';
import { embed } from './import.ts';
import { count, printable } from './terminal.ts';

interface SearchFlags extends CommonOptions {
  image: string[];
  without: string[];
  withoutImage: string[];
  tag: string[];
  folder?: string;
  limit: number;
}

const collect = (value: string, all: string[]): string[] => [...all, value];

/** `fabula search TEXT`, with pictures to look for, and texts and pictures to leave out. */
export function addSearch(program: Command, cli: Cli): void {
  const command = common(program.command('search'))
    .description('find pictures of the library by a text, by a picture, or both')
    .argument('[text...]', 'what to look for')
    .option(
      '--image <file>',
      'pictures like this one: a file, or the id of an asset; may be repeated',
      collect,
      [],
    )
    .option('--without <text>', 'leave out what shows this; may be repeated', collect, [])
    .option('--without-image <file>', 'leave out what is like this; may be repeated', collect, [])
    .option('--tag <tag>', 'only pictures with this tag; may be repeated', collect, [])
    .option('--folder <folder>', 'only pictures of this folder and those inside it')
    .option('-k, --limit <number>', 'how many to show', wholeNumber(1, 1000), 10)
    .action(async (words: string[], options: SearchFlags) => {
      const text = words.join(' ').trim();
      const { image, without, withoutImage, tag, folder, limit } = options;
      if (text === '' && image.length === 0) {
        command.error('error: give a text or --image FILE to search for.', { exitCode: 2 });
      }
      await cli.withStudio(options, async (studio) => {
        await embed(studio, cli);
        const pictures = async (files: string[]): Promise<QueryTerm[]> =>
          Promise.all(files.map((file) => pictureTerm(file)));
        const query = {
          plus: [...(text === '' ? [] : [{ text }]), ...(await pictures(image))],
          minus: [...without.map((one) => ({ text: one })), ...(await pictures(withoutImage))],
        };
        const filter = {
          ...(tag.length === 0 ? {} : { tags: tag }),
          ...(folder === undefined ? {} : { folder: resolve(folder) }),
        };
        printAnswer(cli, await studio.search.find(query, { limit, filter, signal: cli.signal }));
      });
    });
}

/** A picture of the library by its id, or a file. */
async function pictureTerm(given: string): Promise<QueryTerm> {
  if (/^[0-9a-f]{64}$/.test(given)) return { asset: given };
  return { picture: await readPicture(given), name: given };
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
