/**
 * Stories as the sketch painter reads them: what each panel of a story would show.
 *
 *   node training/world/stories.ts --stories ../shared/stories/tinystories.jsonl --count N --out FILE
 *
 * writes one JSON line a story: `panels`, each with its `text` and its scene as `training/world/make.ts` writes scenes
 * (`figures` with icon, x, y, w and h; `place`, or null where the text tells none; `time`; `weather`).
 */
import { createReadStream, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { figureRect } from '../../src/main/sketch/draw.ts';
import { readScene } from '../../src/main/sketch/read.ts';

const mostPanels = 6;
/** Where the painter puts what is nowhere: no place of the story's. */
const nowhere = new Set(['meadow', 'plain']);
const otherSeeds = [3, 5, 8, 12, 17];
const toneEnding = /-(?:medium-)?(?:light|dark)$|-medium$/;

function panelsOf(text: string): string[] {
  const sentences = text.replace(/\s+/g, ' ').match(/[^.!?]+[.!?]+["']?/g) ?? [];
  const panels: string[] = [];
  for (const [at, sentence] of sentences.entries()) {
    if (at % 2 === 0) panels.push(sentence.trim());
    else panels.push(`${panels.pop() ?? ''} ${sentence.trim()}`);
  }
  return panels.slice(0, mostPanels);
}

function sceneOf(text: string, context: string[]) {
  const scene = readScene(text, { seed: 1, context });
  // A place that other seeds change was chosen by chance.
  const sure =
    !nowhere.has(scene.place) &&
    otherSeeds.every((seed) => readScene(text, { seed, context }).place === scene.place);
  const short = (value: number): number => Math.round(value * 1000) / 1000;
  const figures = scene.figures.map((figure) => {
    const { x, y, w, h } = figureRect(figure, 16 / 9);
    const icon = figure.icon.replace(toneEnding, '');
    return { name: figure.word, icon, x: short(x), y: short(y), w: short(w), h: short(h) };
  });
  return { text, figures, place: sure ? scene.place : null, time: scene.time, weather: scene.weather };
}

const { values } = parseArgs({
  options: {
    stories: { type: 'string' },
    count: { type: 'string', default: '3000' },
    out: { type: 'string' },
  },
});
if (values.stories === undefined || values.out === undefined) {
  process.stderr.write('usage: stories.ts --stories FILE --count N --out FILE\n');
  process.exit(2);
}
const lines: string[] = [];
for await (const line of createInterface({ input: createReadStream(values.stories) })) {
  if (lines.length >= Number(values.count)) break;
  const { id, text } = JSON.parse(line) as { id: string; text: string };
  const texts = panelsOf(text);
  const panels = texts.map((one, at) => sceneOf(one, texts.slice(Math.max(0, at - 3), at)));
  lines.push(JSON.stringify({ id, panels }));
}
writeFileSync(values.out, `${lines.join('\n')}\n`);
process.stderr.write(`${lines.length} stories\n`);
