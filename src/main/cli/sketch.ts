import { extname, resolve } from 'node:path';
import type { Command } from 'commander';
import writeFileAtomic from 'write-file-atomic';
import { explainFileError } from '../fs-errors.ts';
import { common, wholeNumber, type Cli, type CommonOptions } from './cli.ts';
import { printable } from './terminal.ts';

interface Options extends CommonOptions {
  output: string;
  seed: number;
  width: number;
}

/** Height of a sketch as a fraction of its width. */
const aspect = 9 / 16;

/** `fabula sketch TEXT -o FILE`: draws what a text describes, as PNG, SVG, or the scene itself as JSON. */
export function addSketch(program: Command, cli: Cli): void {
  const command = common(program.command('sketch'))
    .description('draw what a text describes')
    .argument('<text...>', 'what is to be seen')
    .requiredOption('-o, --output <file>', 'a .png, .svg or .json file')
    .option('--seed <number>', 'another number composes the scene anew', wholeNumber(0, 0xffffffff), 1)
    .option('--width <pixels>', 'width of a PNG', wholeNumber(64, 8192), 1280)
    .action(async (words: string[], { output, seed, width }: Options) => {
      const type = extname(output).toLowerCase();
      if (!['.png', '.svg', '.json'].includes(type)) {
        command.error(`error: cannot draw into ${printable(output)}: name a .png, .svg or .json file.`, {
          exitCode: 2,
        });
      }
      const { drawScene } = await import('../sketch/draw.ts');
      const { rasterise } = await import('../sketch/raster.ts');
      const { readScene } = await import('../sketch/read.ts');
      const scene = readScene(words.join(' '), { seed });
      const size = { width, height: Math.round(width * aspect) };
      const file = resolve(output);
      try {
        await writeFileAtomic(
          file,
          type === '.json'
            ? `${JSON.stringify(scene, null, 2)}\n`
            : type === '.svg'
              ? drawScene(scene)
              : await rasterise(drawScene(scene), size),
        );
      } catch (error) {
        throw explainFileError(error, output);
      }
      cli.terminal.data({ file, scene });
      const figures = scene.figures.map((figure) => figure.word).join(', ');
      cli.terminal.say(
        `${printable(output)}: ${scene.place}, ${scene.time}${figures === '' ? '' : `; ${printable(figures)}`}`,
      );
      if (scene.unknown.length > 0) {
        cli.terminal.note(`No figure is known for: ${scene.unknown.map(printable).join(', ')}.`);
      }
    });
}
