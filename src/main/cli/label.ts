import { resolve } from 'node:path';
import type { Command } from 'commander';
import { FabulaError } from '../../shared/errors.ts';
import type { Studio } from '../studio.ts';
import { common, wholeNumber, type Cli, type CommonOptions } from './cli.ts';
import { embed } from './import.ts';
import { count, printable } from './terminal.ts';

interface Options extends CommonOptions {
  yes: string[];
  no: string[];
  list?: boolean;
  remove?: boolean;
  limit: number;
}

const collect = (value: string, all: string[]): string[] => [...all, value];

/** `fabula label NAME`: a label of a person's own, taught by a few pictures that show it and a few that do not. */
export function addLabel(program: Command, cli: Cli): void {
  const command = common(program.command('label'))
    .description('label the pictures of the library by a name and a few answers of yes and no')
    .argument('[name...]', 'what is to be seen: "beach", "our dog Bello"')
    .option(
      '--yes <picture>',
      'a picture that shows it: a file, or the id of an asset; may be repeated',
      collect,
      [],
    )
    .option('--no <picture>', 'a picture that does not; may be repeated', collect, [])
    .option('--list', 'list the labels there are')
    .option('--remove', 'take the label away')
    .option('-k, --limit <number>', 'how many pictures to show', wholeNumber(1, 500), 20)
    .action(async (words: string[], options: Options) => {
      const name = words.join(' ').trim();
      if (name === '' && options.list !== true) {
        command.error('error: give the label a name, or --list.', { exitCode: 2 });
      }
      await cli.withStudio(options, async (studio) => {
        const { labels } = studio;
        const { terminal } = cli;
        if (options.list === true) {
          await labels.refresh(cli.signal);
          const all = labels.list();
          terminal.data(all);
          for (const label of all) {
            terminal.say(
              `${printable(label.name)}  ${count(label.pictures, 'picture')}, ${label.yes} yes, ${label.no} no`,
            );
          }
          return;
        }
        if (options.remove === true) {
          const found = labels.list().find((label) => label.name.toLowerCase() === name.toLowerCase());
          if (found === undefined) throw new FabulaError('not-found', `There is no label “${name}”.`);
          terminal.data(labels.remove(found.id));
          return;
        }
        await embed(studio, cli);
        const { id } = await labels.create(name);
        const answers = [
          ...options.yes.map((picture) => ({ picture, yes: true })),
          ...options.no.map((picture) => ({ picture, yes: false })),
        ];
        if (answers.length > 0) {
          const given = await Promise.all(
            answers.map(async ({ picture, yes }) => ({ asset: await assetOf(studio, picture), yes })),
          );
          await labels.answer(id, given);
        }
        const view = await labels.look(id, { offset: 0, limit: options.limit });
        terminal.data(view);
        if (terminal.json) return;
        for (const { asset, probability, labelled } of view.pictures) {
          const share = `${(probability * 100).toFixed(0)}%`;
          terminal.say(
            `${share.padStart(4)}  ${labelled ? 'label' : '     '}  ${printable(asset.name)}  ${asset.id}`,
          );
        }
        terminal.note(`${count(view.label.pictures, 'picture')} labelled “${printable(view.label.name)}”.`);
        if (view.question !== null) {
          terminal.note(`An answer about ${printable(view.question.asset.name)} would tell most.`);
        }
      });
    });
}

/** The asset of an id, or of a file, which is brought into the library where it is not yet. */
async function assetOf(studio: Studio, given: string): Promise<string> {
  if (/^[0-9a-f]{64}$/.test(given)) return studio.library.get(given).id;
  return (await studio.library.importFile(resolve(given), { originals: 'leave' })).asset.id;
}
