/**
 * How much of what a prompt names is in the sketch, and how long a sketch takes.
 *
 *   npm run -s bench:sketch [-- FILE.tsv [OUT.png]]
 *
 * FILE is GILL's retrieve-or-generate prompts (../shared/reference/gill-decisions-train.tsv when absent). Which nouns
 * of which prompts can be drawn is written down in bench/data/drawable-nouns.json, without regard to what the painter
 * knows. A noun counts as shown when the scene read from the whole prompt contains the figure, place, hour or weather
 * the noun alone stands for. With OUT, forty of the sketches are put on one sheet to be looked at.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Scene } from '../src/shared/scene.ts';
import { drawScene } from '../src/main/sketch/draw.ts';
import { figureInfo } from '../src/main/sketch/lexicon.ts';
import { rasterise } from '../src/main/sketch/raster.ts';
import { readScene } from '../src/main/sketch/read.ts';

const root = join(import.meta.dirname, '..');
const size = { width: 768, height: 432 };

const bare = (icon: string): string => figureInfo(icon)?.icon ?? icon;

/** Whether a scene shows what a noun stands for. */
function shows(scene: Scene, noun: string): boolean {
  const alone = readScene(`a ${noun}`, { seed: 1 });
  const icons = new Set(scene.figures.map((figure) => bare(figure.icon)));
  if (alone.figures.some((figure) => icons.has(bare(figure.icon)))) return true;
  // Clothes are drawn on whoever wears them, and named with them.
  if (scene.figures.some((figure) => figure.word.toLowerCase().split(' ').includes(noun))) return true;
  // A noun that may be a place as well: on the moon, in a castle.
  const inside = [`in the ${noun}`, `on the ${noun}`].map((text) => readScene(text, { seed: 1 }));
  if (
    inside.some(({ place, figures }) => figures.length === 0 && place === scene.place && place !== 'meadow')
  )
    return true;
  if (alone.figures.length > 0) {
    // People may be drawn in another pose: a man who runs is `man-running`.
    const kind = (icon: string): string | undefined => /^(?:man|woman|person)(?=-|$)/.exec(icon)?.[0];
    const wanted = new Set(alone.figures.map((figure) => kind(bare(figure.icon))));
    return scene.figures.some(
      (figure) => kind(bare(figure.icon)) !== undefined && wanted.has(kind(bare(figure.icon))),
    );
  }
  if (alone.unknown.length > 0) return false;
  // A noun that names no figure names a place, an hour or a weather; an empty text has the painter's defaults.
  const none = readScene('', { seed: 1 });
  return (['place', 'time', 'weather'] as const).some(
    (field) => alone[field] !== none[field] && alone[field] === scene[field],
  );
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

async function main(): Promise<void> {
  const file = process.argv[2] ?? join(root, '..', 'shared', 'reference', 'gill-decisions-train.tsv');
  if (!existsSync(file)) {
    process.stdout.write(`sketch: skipped, ${file} is not there\n`);
    return;
  }
  const prompts = readFileSync(file, 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t')[0] ?? '');
  const { prompts: annotated } = JSON.parse(
    readFileSync(join(root, 'bench', 'data', 'drawable-nouns.json'), 'utf8'),
  ) as {
    prompts: Record<string, string[]>;
  };
  let named = 0;
  let shown = 0;
  let whole = 0;
  const missed = new Map<string, number>();
  const times = { read: [] as number[], draw: [] as number[], raster: [] as number[] };
  const sheet: Buffer[] = [];
  readScene('a dog');
  drawScene(readScene('a dog'), size);
  for (const [nth, [index, nouns]] of Object.entries(annotated).entries()) {
    const prompt = prompts[Number(index)] ?? '';
    const t0 = performance.now();
    const scene = readScene(prompt, { seed: nth + 1 });
    const t1 = performance.now();
    const svg = drawScene(scene, size);
    const t2 = performance.now();
    const png = await rasterise(svg, size);
    const t3 = performance.now();
    times.read.push(t1 - t0);
    times.draw.push(t2 - t1);
    times.raster.push(t3 - t2);
    if (nth % 5 === 0) sheet.push(png);
    const absent = nouns.filter((noun) => !shows(scene, noun));
    named += nouns.length;
    shown += nouns.length - absent.length;
    if (absent.length === 0) whole++;
    for (const noun of absent) missed.set(noun, (missed.get(noun) ?? 0) + 1);
  }
  const count = Object.keys(annotated).length;
  const sum = median(times.read) + median(times.draw) + median(times.raster);
  process.stdout.write(
    [
      `sketch: nouns shown / drawable nouns = ${shown} / ${named} = ${(shown / named).toFixed(3)}`,
      `sketch: prompts with every noun shown / prompts = ${whole} / ${count} = ${(whole / count).toFixed(3)}`,
      `sketch: median ms per sketch = ${sum.toFixed(1)} (read ${median(times.read).toFixed(2)}, draw ${median(times.draw).toFixed(2)}, rasterise ${size.width}x${size.height} ${median(times.raster).toFixed(1)})`,
      `sketch: not shown: ${[...missed.keys()].join(', ')}`,
      '',
    ].join('\n'),
  );
  const out = process.argv[3];
  if (out !== undefined) await contactSheet(sheet.slice(0, 40), out);
}

async function contactSheet(pictures: readonly Buffer[], out: string): Promise<void> {
  const columns = 5;
  const [wide, high] = [384, 216];
  const parts = await Promise.all(
    pictures.map(async (picture, at) => ({
      input: await sharp(picture).resize(wide, high).toBuffer(),
      left: (at % columns) * (wide + 4),
      top: Math.floor(at / columns) * (high + 4),
    })),
  );
  await sharp({
    create: {
      width: columns * (wide + 4),
      height: Math.ceil(pictures.length / columns) * (high + 4),
      channels: 3,
      background: '#ffffff',
    },
  })
    .composite(parts)
    .png()
    .toFile(out);
}

await main();
