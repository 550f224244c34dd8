import { resolve } from 'node:path';
import type { Command } from 'commander';
import { common, type Cli, type CommonOptions } from './cli.ts';
import { printable } from './terminal.ts';

/** `fabula packs list|add|remove`. */
export function addPacks(program: Command, cli: Cli): void {
  const packs = program.command('packs').description('the model packs of this machine');

  common(packs.command('list', { isDefault: true }))
    .description('list the packs and what they can do')
    .action(async (options: CommonOptions) => {
      await cli.withStudio(options, async (studio) => {
        const list = studio.packs.list();
        cli.terminal.data(list);
        for (const pack of list) {
          const size = `${(pack.bytes / 1_000_000).toFixed(1)} MB`;
          cli.terminal.say(
            [`${pack.id}@${pack.revision}`, pack.roles.join('+') || '-', size, printable(pack.licence)].join(
              '  ',
            ),
          );
          if (pack.problem !== null) cli.fail(pack.id, pack.problem);
        }
      });
    });

  common(packs.command('add'))
    .description('check a pack, file by file, and copy it into the data folder')
    .argument('<folder>', 'the folder that holds manifest.json')
    .action(async (folder: string, options: CommonOptions) => {
      await cli.withStudio(options, async (studio) => {
        const pack = await studio.packs.add(resolve(folder), cli.signal);
        cli.terminal.data(pack);
        cli.terminal.say(`${pack.id}@${pack.revision} added: ${pack.roles.join(', ')}.`);
      });
    });

  common(packs.command('remove'))
    .description('delete a pack that was added')
    .argument('<id>', 'the pack, as "packs list" names it')
    .action(async (id: string, options: CommonOptions) => {
      await cli.withStudio(options, async (studio) => {
        await studio.packs.remove(id);
        cli.terminal.data({ removed: id });
        cli.terminal.say(`${printable(id)} removed.`);
      });
    });
}
