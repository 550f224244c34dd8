/**
 * Draws resources/samples: the pictures the demo imports, captions and searches. Each is a sketch of the sentence its
 * file is named after, so the folder is also a picture of what the painter can do.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { drawScene } from '../src/main/sketch/draw.ts';
import { rasterise } from '../src/main/sketch/raster.ts';
import { readScene } from '../src/main/sketch/read.ts';

const size = { width: 1024, height: 576 };

/** File name, the text it is a sketch of, and a seed with a pleasing composition. */
const samples: readonly (readonly [name: string, text: string, seed: number])[] = [
  ['dog-on-the-beach', 'A dog running after a ball on the beach', 4],
  ['sailboats-at-sunset', 'Two sailboats on the sea at sunset', 2],
  ['fox-in-the-forest', 'A fox and a hedgehog in the forest', 3],
  ['ducks-on-the-lake', 'Three ducks on a lake in the morning', 5],
  ['black-cat-on-a-wall', 'A black cat on a wall in the village at night', 6],
  ['girl-riding-a-horse', 'A girl riding a horse in the meadow', 7],
  ['boy-with-a-kite', 'A boy holding a kite on a windy day in the park', 8],
  ['farm-morning', 'A cow, two sheep and a rooster on the farm at dawn', 9],
  ['snowman-and-penguins', 'A snowman and two penguins in the snow', 10],
  ['elephants-on-the-savanna', 'An elephant and two giraffes on the savanna', 11],
  ['city-taxi-in-the-rain', 'A woman under an umbrella beside a taxi in the city on a rainy day', 12],
  ['tea-in-the-kitchen', 'A grandmother and a teapot on a table in the kitchen', 13],
  ['dragon-in-a-cave', 'A dragon and a treasure chest in a cave', 14],
  ['knight-at-the-castle', 'A knight with a sword in front of a castle', 15],
  ['fish-under-the-sea', 'Four tropical fish and an octopus under the sea', 16],
  ['astronaut-on-the-moon', 'An astronaut with a flag on the moon', 17],
  ['hot-air-balloon', 'A hot air balloon and two birds above the mountains', 18],
  ['children-in-the-playground', 'Two children with a ball in the playground', 19],
  ['teacher-in-the-classroom', 'A teacher and two children in the classroom', 20],
  ['cat-on-the-couch', 'A cat on a rug in the living room at night', 21],
  ['lighthouse-in-the-storm', 'A lighthouse by the sea in a storm', 22],
  ['camels-in-the-desert', 'Two camels in the desert at dusk', 23],
  ['monkey-in-the-jungle', 'A monkey eating a banana and a parrot in the jungle', 24],
  ['king-and-queen', 'The king and the queen in the throne room', 25],
];

async function main(): Promise<void> {
  const folder = join(import.meta.dirname, '..', 'resources', 'samples');
  await mkdir(folder, { recursive: true });
  for (const file of await readdir(folder)) if (file.endsWith('.png')) await rm(join(folder, file));
  let bytes = 0;
  for (const [name, text, seed] of samples) {
    const scene = readScene(text, { seed });
    if (scene.unknown.length > 0) throw new Error(`${name}: no figure for ${scene.unknown.join(', ')}`);
    const png = await rasterise(drawScene(scene, size), size);
    // Flat colours need few entries; a palette keeps the folder small.
    const small = await sharp(png).png({ palette: true, quality: 90, effort: 8, dither: 0.6 }).toBuffer();
    await writeFile(join(folder, `${name}.png`), small);
    bytes += small.length;
  }
  process.stderr.write(`${samples.length} samples, ${(bytes / 1024 / 1024).toFixed(2)} MB\n`);
}

await main();
