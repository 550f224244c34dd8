import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import type { Command } from 'commander';
import writeFileAtomic from 'write-file-atomic';
import { FabulaError, toFailure } from '../../shared/errors.ts';
import {
  layerWords,
  pyramidLayers,
  wordsDownTo,
  type Pyramid,
  type PyramidLayer,
} from '../../shared/pyramid.ts';
import { tell, type TellingLength } from '../../shared/telling.ts';
import { explainFileError } from '../fs-errors.ts';
import type { Studio } from '../studio.ts';
import { common, wholeNumber, type Cli, type CommonOptions } from './cli.ts';
import { printable } from './terminal.ts';

interface Options extends CommonOptions {
  length?: TellingLength;
  layer: PyramidLayer;
  output?: string;
  seed: number;
}

/** `fabula words FILE...`: what is on pictures, in words from one concept to the details. */
export function addWords(program: Command, cli: Cli): void {
  const command = common(program.command('words'))
    .description('say in words what is on pictures, from one concept to the details; nothing is imported')
    .argument('<file...>', 'pictures: files, or the ids of assets')
    .option(
      '--length <number>',
      'tell the picture instead: 1 a word, 2 a phrase, 3 a sentence, 4 with the details, 5 a paragraph',
      wholeNumber(1, 5),
    )
    .option(
      '--layer <number>',
      'words down to this layer: 1 concept, 2 subjects, 3 details',
      wholeNumber(1, 3),
      3,
    )
    .option('-o, --output <file>', 'draw the words of the only picture into this .png, .svg or .json file')
    .option('--seed <number>', 'another number composes the drawing anew', wholeNumber(0, 0xffffffff), 1)
    .action(async (files: string[], options: Options) => {
      const { length, layer, output, seed } = options;
      const type = output === undefined ? '' : extname(output).toLowerCase();
      if (output !== undefined && !['.png', '.svg', '.json'].includes(type)) {
        command.error(`error: cannot draw into ${printable(output)}: name a .png, .svg or .json file.`, {
          exitCode: 2,
        });
      }
      if (output !== undefined && files.length > 1) {
        command.error('error: -o draws the words of one picture; give one.', { exitCode: 2 });
      }
      await cli.withStudio(options, async (studio) => {
        for (const file of files) {
          if (cli.signal.aborted) throw new FabulaError('cancelled', 'Stopped.');
          try {
            const { pyramid, caption } = await read(studio, file, length, cli.signal);
            const told = length === undefined ? null : tell(pyramid, caption, length);
            cli.terminal.data({ file, ...pyramid, ...(told === null ? {} : { told }) });
            if (told !== null) cli.terminal.say(`${printable(file)}\t${printable(told)}`);
            else printPyramid(cli, file, pyramid, layer);
            if (output !== undefined) await draw(output, type, pyramid, layer, seed);
          } catch (error) {
            if (cli.signal.aborted) throw error;
            cli.fail(file, toFailure(error).message);
          }
        }
      });
    });
}

async function read(
  studio: Studio,
  file: string,
  length: TellingLength | undefined,
  signal: AbortSignal,
): Promise<{ pyramid: Pyramid; caption: string | null }> {
  if (/^[0-9a-f]{64}$/.test(file)) {
    const pyramid = await studio.pyramids.read(file, { signal });
    if (pyramid === null) throw new FabulaError('unavailable', 'The words of this sketch are not known.');
    return { pyramid, caption: studio.library.get(file).caption?.text ?? null };
  }
  const bytes = await readFile(file).catch((error: unknown) => {
    throw explainFileError(error, file);
  });
  return studio.pyramids.readFile(bytes, file, { caption: length !== undefined && length > 2, signal });
}

function printPyramid(cli: Cli, file: string, pyramid: Pyramid, deepest: PyramidLayer): void {
  cli.terminal.say(printable(file));
  for (const layer of pyramidLayers.filter((one) => one <= deepest)) {
    const words = layerWords(pyramid, layer).map(
      ({ word, probability }) => `${printable(word)} ${Math.round(probability * 100)}%`,
    );
    cli.terminal.say(`  ${layer}  ${words.join(', ')}`);
  }
}

async function draw(
  output: string,
  type: string,
  pyramid: Pyramid,
  layer: PyramidLayer,
  seed: number,
): Promise<void> {
  const { drawScene } = await import('../sketch/draw.ts');
  const { rasterise } = await import('../sketch/raster.ts');
  const { sceneFromWords } = await import('../sketch/scene-words.ts');
  const scene = sceneFromWords(wordsDownTo(pyramid, layer), { seed });
  const drawn =
    type === '.json'
      ? `${JSON.stringify(scene, null, 2)}\n`
      : type === '.svg'
        ? drawScene(scene)
        : await rasterise(drawScene(scene), 1280);
  await writeFileAtomic(resolve(output), drawn).catch((error: unknown) => {
    throw explainFileError(error, output);
  });
}
