import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { z } from 'zod';
import type { Answer, Evidence } from '../../src/main/decide/evidence.ts';
import type { Scene } from '../../src/shared/scene.ts';
import { mulberry32, pick, type Random } from '../../src/main/sketch/random.ts';
import { readScene } from '../../src/main/sketch/read.ts';
import { sentences } from '../../src/main/sketch/words.ts';
import { evidenceOf } from '../../src/main/stories/illustrate.ts';
import { namedThings } from '../../src/main/stories/word-evidence.ts';
import { openStudio, type Studio } from '../../src/main/studio.ts';

/**
 * Cases for the decision whose right answer is known, made through the real library and models: captions of photos and
 * descriptions of painted scenes are asked of libraries that hold the picture or do not, half of them with words of
 * their own beside them, and sentences of stories, some of which name nothing that could be shown.
 */
export interface Case {
  text: string;
  evidence: Omit<Evidence, 'text'>;
  /** What is right: the library's best fits; or else a drawing shows what is named; or else neither. */
  right: Answer;
  /** Whether the library's best, and a drawing, would do. */
  fits: { retrieve: boolean; sketch: boolean };
}

export interface CaseOptions {
  /** Folder with `photos` and `stories`. */
  shared: string;
  /** `train` and `test` share no picture and no text. */
  part: 'train' | 'test';
  /** Each library's size and how many cases are asked of it. */
  libraries: readonly { photos: number; scenes: number; cases: number }[];
  seed: number;
  report?: (line: string) => void;
}

const PhotoSchema = z.object({
  file: z.string(),
  dataset: z.string(),
  split: z.string().optional(),
  captions: z.array(z.string()).optional(),
});
const SceneRow = z.object({
  file: z.string(),
  captions: z.array(z.string()),
  figures: z.array(z.object({ name: z.string() })),
  place: z.string(),
});

interface Picture {
  file: string;
  texts: string[];
  /** Everything its texts name. */
  things: Set<string>;
  /** What is in a painted scene, for certain; null for a photo. */
  figures: string[] | null;
}

/** A picture fits what names nothing it does not show but for this share. */
const enoughShown = 0.7;
/** A drawing will do that draws this share of what is named. */
const enoughDrawn = 0.5;

/** Shuffles in place by a seeded source. */
function shuffled<T>(list: readonly T[], random: Random): T[] {
  const copy = [...list];
  for (let at = copy.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [copy[at], copy[other]] = [copy[other]!, copy[at]!];
  }
  return copy;
}

const thingsOf = (texts: readonly string[]): Set<string> =>
  new Set(texts.flatMap((text) => [...namedThings(text).keys()]));

function photosOf({ shared, part }: CaseOptions): Picture[] {
  const folder = join(shared, 'photos');
  return readFileSync(join(folder, 'manifest.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => PhotoSchema.parse(JSON.parse(line)))
    .filter((row) => row.dataset === 'flickr8k' && row.split === 'dev' && (row.captions?.length ?? 0) >= 3)
    .filter((_, at) => (at % 2 === 0) === (part === 'train'))
    .map(({ file, captions }) => ({
      file: join(folder, file),
      texts: captions!,
      things: thingsOf(captions!),
      figures: null,
    }));
}

/** Paints scenes of the training world, which has their descriptions. */
function paintScenes(count: number, seed: number, folder: string): Picture[] {
  const script = join(import.meta.dirname, '../world/make.ts');
  const made = spawnSync(
    process.execPath,
    [script, '--count', String(count), '--seed', String(seed), '--out', folder],
    { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`${script} failed: ${made.stderr}`);
  return readFileSync(join(folder, 'scenes.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => SceneRow.parse(JSON.parse(line)))
    .map(({ file, captions, figures, place }) => ({
      file: join(folder, file),
      texts: captions,
      things: thingsOf([...captions, ...figures.map(({ name }) => name), place]),
      figures: figures.map(({ name }) => name),
    }));
}

/** Sentences of stories: those that name something that can be drawn, and those that do not. */
function storySentences({ shared, part }: CaseOptions): { drawable: string[]; bare: string[] } {
  const file = join(shared, 'stories', 'tinystories.jsonl');
  const lines = readFileSync(file, 'utf8').split('\n', 1200);
  const all = lines
    .filter((line, at) => line !== '' && (at % 2 === 0) === (part === 'train'))
    .flatMap((line) => sentences((JSON.parse(line) as { text: string }).text).slice(0, 12))
    .filter((sentence) => {
      const words = sentence.split(/\s+/).length;
      return words >= 4 && words <= 24;
    });
  const drawable: string[] = [];
  const bare: string[] = [];
  for (const sentence of all.slice(0, 1500)) {
    const scene = readScene(sentence, { seed: 1 });
    if (scene.figures.length > 0) drawable.push(sentence);
    else if (namedThings(sentence).size <= 4) bare.push(sentence);
  }
  return { drawable, bare };
}

/** Whether the data the cases are made of is there. */
export function casesPossible(shared: string): boolean {
  return ['photos/manifest.jsonl', 'stories/tinystories.jsonl'].every((file) =>
    existsSync(join(shared, file)),
  );
}

/** Makes cases; the same options make the same ones, as long as models and lexicon are the same. */
export async function makeCases(options: CaseOptions): Promise<Case[]> {
  const random = mulberry32(options.seed);
  const folder = mkdtempSync(join(tmpdir(), 'fabula-cases-'));
  try {
    const most = Math.max(...options.libraries.map(({ scenes }) => scenes));
    const photos = photosOf(options);
    const scenes = paintScenes(Math.ceil(most * 1.5), options.seed, join(folder, 'scenes'));
    const stories = storySentences(options);
    const cases: Case[] = [];
    for (const [nth, size] of options.libraries.entries()) {
      const dataDir = join(folder, `library-${nth}`);
      const studio = await openStudio({ dataDir, resident: false });
      try {
        cases.push(...(await askLibrary(studio, { photos, scenes, stories, size, random })));
      } finally {
        await studio.close();
      }
      options.report?.(`library ${nth + 1} of ${options.libraries.length}: ${cases.length} cases`);
    }
    return cases;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function askLibrary(
  studio: Studio,
  {
    photos,
    scenes,
    stories,
    size,
    random,
  }: {
    photos: readonly Picture[];
    scenes: readonly Picture[];
    stories: { drawable: string[]; bare: string[] };
    size: CaseOptions['libraries'][number];
    random: Random;
  },
): Promise<Case[]> {
  const mixedPhotos = shuffled(photos, random);
  const mixedScenes = shuffled(scenes, random);
  const held = [...mixedPhotos.slice(0, size.photos), ...mixedScenes.slice(0, size.scenes)];
  const pictures = new Map<string, Picture>();
  for (const picture of held) {
    // A third of the pictures have a person's caption, a third a name that says what they show, and the rest no words.
    // They are never those that are asked.
    const beside = random();
    const name = beside < 0.33 ? telltale(picture.texts[0]!, random) : 'IMG';
    const { asset } = await studio.library.importBytes(
      `${name}${extname(picture.file)}`,
      readFileSync(picture.file),
      { origin: 'imported' },
    );
    if (beside > 0.67) {
      studio.library.setCaption(asset.id, { text: picture.texts[0]!, source: 'person', pack: null });
    }
    pictures.set(asset.id, picture);
  }
  await studio.search.embedMissing();
  const { story } = studio.stories.create('Cases');
  // The first text may stand beside the picture as its caption, and is never asked.
  const about = (pictures: readonly Picture[]): { text: string; source: Picture } => {
    const source = pick(random, pictures);
    return { text: pick(random, source.texts.slice(1)), source };
  };
  const told = (texts: readonly string[]) => ({ text: pick(random, texts), source: null });
  const asks: readonly (readonly [number, () => { text: string; source: Picture | null }])[] = [
    [0.27, () => about(mixedPhotos.slice(0, size.photos))],
    [0.15, () => about(mixedPhotos.slice(size.photos))],
    [0.2, () => about(mixedScenes.slice(0, size.scenes))],
    [0.13, () => about(mixedScenes.slice(size.scenes))],
    [0.13, () => told(stories.drawable)],
    [0.12, () => told(stories.bare)],
  ];
  const cases: Case[] = [];
  for (let nth = 0; nth < size.cases; nth++) {
    let left = random();
    const [, ask] = asks.find(([share]) => (left -= share) < 0) ?? asks[0]!;
    const { text, source } = ask();
    const panel = story.panels[0]!.id;
    const match = await studio.illustrator.match({
      story: story.id,
      panel,
      query: text,
      limit: 2,
      sketches: 0,
    });
    const scene = readScene(text, { seed: 1 });
    const best = match.retrieved[0];
    const fits = {
      retrieve: best !== undefined && shows(pictures.get(best.asset)!, text),
      sketch: drawsEnough(scene, source),
    };
    cases.push({
      text,
      evidence: evidenceOf({ text, found: match.retrieved, scene, library: studio.library.count() }),
      fits,
      right: fits.retrieve ? 'retrieve' : fits.sketch ? 'sketch' : 'none',
    });
  }
  return cases;
}

/** A name as people give files: two to four words of what is to be seen, `dog-beach`. */
function telltale(text: string, random: Random): string {
  const words = [...namedThings(text).values()];
  return words.slice(0, 2 + Math.floor(3 * random())).join('-');
}

function shows(picture: Picture, text: string): boolean {
  const things = [...namedThings(text).keys()];
  if (things.length < 2 && !picture.texts.includes(text)) return false;
  const shown = things.filter((thing) => picture.things.has(thing)).length;
  return picture.texts.includes(text) || shown >= enoughShown * things.length;
}

/** Whether a drawing will do: at least half of what is named, and of a painted scene everything that is in it. */
function drawsEnough(scene: Scene, source: Picture | null): boolean {
  const words = new Set(scene.figures.map(({ word }) => word.toLowerCase()));
  if (words.size === 0) return false;
  if (source !== null && source.figures !== null) {
    const drawn = thingsOf([...words]);
    return [...thingsOf(source.figures)].every((thing) => drawn.has(thing));
  }
  return words.size >= enoughDrawn * (words.size + scene.unknown.length);
}
