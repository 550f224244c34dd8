import { basename, extname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { mkdir } from 'node:fs/promises';
import writeFileAtomic from 'write-file-atomic';
import { toFailure } from '../../shared/errors.ts';
import { explainFileError } from '../fs-errors.ts';
import { common, type Cli, type CommonOptions } from './cli.ts';
import { printable } from './terminal.ts';

interface Options extends CommonOptions {
  output?: string;
}

/** `fabula look PICTURE…`: which parts of pictures their captions are written from, also as pictures. */
export function addLook(program: Command, cli: Cli): void {
  common(program.command('look'))
    .description('show which parts of pictures their captions are written from')
    .argument('<pictures...>', 'picture files')
    .option('-o, --output <folder>', 'write each picture into this folder, with the other parts dimmed')
    .action(async (files: string[], options: Options) => {
      const { drawRegions } = await import('../captions/regions-picture.ts');
      await cli.withStudio(options, async ({ library, models }) => {
        for (const file of files) {
          cli.signal.throwIfAborted();
          try {
            const picture = await library.prepareFile(file, { originals: 'leave', square: models.imageSize });
            const [regions] = await models.captionRegions([picture.square!], { signal: cli.signal });
            const { need, kept } = regions!;
            const side = Math.round(Math.sqrt(need.length));
            let drawn: string | null = null;
            if (options.output !== undefined) {
              drawn = join(resolve(options.output), `${basename(file, extname(file))}.look.png`);
              try {
                await mkdir(resolve(options.output), { recursive: true });
                await writeFileAtomic(drawn, await drawRegions(resolve(file), side, kept));
              } catch (error) {
                throw explainFileError(error, drawn);
              }
            }
            cli.terminal.data({ file: resolve(file), side, need, kept, drawn });
            cli.terminal.say(`${printable(file)}: written from ${kept.length} of ${need.length} parts`);
          } catch (error) {
            if (cli.signal.aborted) throw error;
            cli.failures += 1;
            cli.terminal.error(toFailure(error).message);
          }
        }
      });
    });
}
