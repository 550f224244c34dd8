import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import type { Command } from 'commander';
import writeFileAtomic from 'write-file-atomic';
import { FabulaError } from '../../shared/errors.ts';
import { mixRefusals, noteText, type MixNote } from '../../shared/mix.ts';
import { SceneSchema } from '../../shared/scene.ts';
import { explainFileError } from '../fs-errors.ts';
import type { MixPicture } from '../mix.ts';
import type { Studio } from '../studio.ts';
import { common, wholeNumber, type Cli, type CommonOptions } from './cli.ts';
import { embed } from './import.ts';
import { printAnswer } from './search.ts';
import { printable } from './terminal.ts';

interface MixFlags extends CommonOptions {
  text: string;
  output?: string;
  find?: number;
  width: number;
}

/** Height of a sketch as a fraction of its width. */
const aspect = 9 / 16;

/** `fabula mix PICTURE… --text T`: draws a picture with a change, or finds pictures like it but for the change. */
export function addMix(program: Command, cli: Cli): void {
  const command = common(program.command('mix'))
    .description('change a picture in words: draw it anew, or find the library’s pictures that are like that')
    .argument(
      '<picture...>',
      'one or two: a file, the id of an asset, or the .json that "fabula sketch" writes; things of the second are brought into the first',
    )
    .option('--text <text>', 'what is to be different: "the same at night", "a dog instead of the cat"', '')
    .option('-o, --output <file>', 'draw it: a .png, .svg or .json file')
    .option('--find <number>', 'find so many pictures of the library', wholeNumber(1, 200))
    .option('--width <pixels>', 'width of a PNG', wholeNumber(64, 8192), 1280)
    .action(async (files: string[], { text, output, find, width, ...options }: MixFlags) => {
      const type = output === undefined ? '' : extname(output).toLowerCase();
      if (output !== undefined && !['.png', '.svg', '.json'].includes(type)) {
        command.error(`error: cannot draw into ${printable(output)}: name a .png, .svg or .json file.`, {
          exitCode: 2,
        });
      }
      if (files.length > 2) command.error('error: give one or two pictures.', { exitCode: 2 });
      if (text.trim() === '' && files.length < 2) {
        command.error('error: say what is to be different (--text), or give a second picture.', {
          exitCode: 2,
        });
      }
      await cli.withStudio(options, async (studio) => {
        const pictures = await Promise.all(files.map((file) => pictureOf(studio, file)));
        const { signal } = cli;
        if (output !== undefined) {
          const drawn = await studio.mix.draw(pictures, text, { signal });
          const { drawScene } = await import('../sketch/draw.ts');
          const { rasterise } = await import('../sketch/raster.ts');
          const file = resolve(output);
          try {
            await writeFileAtomic(
              file,
              type === '.json'
                ? `${JSON.stringify(drawn.scene, null, 2)}\n`
                : type === '.svg'
                  ? drawScene(drawn.scene)
                  : await rasterise(drawScene(drawn.scene), { width, height: Math.round(width * aspect) }),
            );
          } catch (error) {
            throw explainFileError(error, output);
          }
          if (find === undefined) cli.terminal.data({ file, ...drawn });
          if (drawn.understood !== '') cli.terminal.note(`The picture: ${printable(drawn.understood)}.`);
          tell(cli, drawn.notes);
          cli.terminal.say(`${printable(output)}: ${printable(drawn.description)}`);
        }
        if (find === undefined && output !== undefined) return;
        await embed(studio, cli);
        const found = await studio.mix.find(pictures, text, { limit: find ?? 6, signal });
        if (output === undefined) tell(cli, found.notes);
        cli.terminal.note(`Looked for: ${printable(found.description)}.`);
        printAnswer(cli, { ...found, translated: null });
      });
    });
}

/** Says what was done; what was not is named on stderr. */
function tell(cli: Cli, notes: readonly MixNote[]): void {
  for (const note of notes) {
    const sentence = printable(noteText('en', note));
    if (mixRefusals.has(note.code)) cli.terminal.error(sentence);
    else cli.terminal.note(sentence);
  }
}

/** A picture of the library, by its id or its very bytes; else the file itself. */
async function pictureOf(studio: Studio, given: string): Promise<MixPicture> {
  if (/^[0-9a-f]{64}$/.test(given)) return { asset: given };
  const bytes = await readFile(given).catch((error: unknown) => {
    throw explainFileError(error, given);
  });
  if (extname(given).toLowerCase() === '.json') {
    const scene = SceneSchema.safeParse(parsed(bytes, given));
    if (scene.success) return { scene: scene.data };
    throw new FabulaError(
      'invalid-input',
      `${given} is not a scene. "fabula sketch TEXT -o scene.json" writes one.`,
    );
  }
  const asset = createHash('sha256').update(bytes).digest('hex');
  return studio.library.getMany([asset]).length > 0 ? { asset } : { picture: bytes, name: given };
}

function parsed(bytes: Buffer, name: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new FabulaError('invalid-input', `${name} is not JSON.`);
  }
}
