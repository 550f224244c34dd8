import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mixWeights, type MixPicture, type MixWeights } from '../../src/main/mix.ts';
import { changeScene } from '../../src/main/sketch/change-scene.ts';
import { readChange } from '../../src/main/sketch/change.ts';
import { drawScene } from '../../src/main/sketch/draw.ts';
import { translateToEnglish } from '../../src/main/sketch/lexicon.ts';
import { mulberry32, pick, type Random } from '../../src/main/sketch/random.ts';
import { rasterise } from '../../src/main/sketch/raster.ts';
import { readScene } from '../../src/main/sketch/read.ts';
import { openStudio, type Studio } from '../../src/main/studio.ts';
import type { Figure, Scene } from '../../src/shared/scene.ts';
import { photoPairs } from './photo-pairs.ts';
import { readManifest } from './photos.ts';
import { atLeast, skipped, type EvalOptions, type EvalRow } from './row.ts';

/**
 * Mix: pictures changed in words, drawn and found. The cases and their checks know nothing of how a change is read:
 * they are made of a table of nouns and settings, and compare two scenes field by field.
 */

/** Nouns in English, Spanish, Japanese, Arabic and Malay, and the figure each is drawn as. */
const nouns = [
  ['dog', 'dog', 'perro', '犬', 'كلب', 'anjing'],
  ['cat', 'cat', 'gato', '猫', 'قط', 'kucing'],
  ['horse', 'horse', 'caballo', '馬', 'حصان', 'kuda'],
  ['automobile', 'car', 'coche', '車', 'سيارة', 'kereta'],
  ['house', 'house', 'casa', '家', 'بيت', 'rumah'],
  ['deciduous-tree', 'tree', 'árbol', '木', 'شجرة', 'pokok'],
  ['sailboat', 'boat', 'barco', '船', 'قارب', 'perahu'],
  ['bird', 'bird', 'pájaro', '鳥', 'طائر', 'burung'],
  ['elephant', 'elephant', 'elefante', '象', 'فيل', 'gajah'],
  ['rabbit', 'rabbit', 'conejo', 'うさぎ', 'أرنب', 'arnab'],
  ['balloon', 'balloon', 'globo', '風船', 'بالون', 'belon'],
  ['bicycle', 'bicycle', 'bicicleta', '自転車', 'دراجة', 'basikal'],
] as const;
type Noun = (typeof nouns)[number];

/** `at night`, and so on, in the five languages. */
const settings = [
  ['time', 'night', 'at night', 'de noche', '夜に', 'في الليل', 'pada waktu malam'],
  ['time', 'dusk', 'at sunset', 'al atardecer', '夕方に', 'عند الغروب', 'pada waktu petang'],
  ['time', 'dawn', 'at dawn', 'al amanecer', '夜明けに', 'عند الفجر', 'pada waktu subuh'],
  ['weather', 'rain', 'in the rain', 'bajo la lluvia', '雨の中で', 'تحت المطر', 'dalam hujan'],
  ['weather', 'fog', 'in the fog', 'con niebla', '霧の中で', 'في الضباب', 'dalam kabus'],
  ['weather', 'storm', 'in a storm', 'en una tormenta', '嵐の中で', 'في عاصفة', 'dalam ribut'],
  ['place', 'beach', 'on the beach', 'en la playa', '浜辺で', 'على الشاطئ', 'di pantai'],
  ['place', 'desert', 'in the desert', 'en el desierto', '砂漠で', 'في الصحراء', 'di padang pasir'],
  ['place', 'forest', 'in the forest', 'en el bosque', '森で', 'في الغابة', 'di hutan'],
  ['place', 'city', 'in the city', 'en la ciudad', '街で', 'في المدينة', 'di bandar'],
] as const;

/** How each change may be asked for, by language: A is a thing of the picture, B another one. */
const wordings = {
  remove: [
    ['without the A', 'no A', 'remove the A', 'the same, but the A is gone'],
    ['sin A', 'quita A'],
    ['Aなしで', 'Aを消して'],
    ['بدون A', 'أزل A'],
    ['tanpa A', 'buang A'],
  ],
  replace: [
    ['with a B instead of the A', 'replace the A with a B', 'a B rather than the A', 'the A becomes a B'],
    ['con B en vez de A', 'cambia A por B'],
    ['Aの代わりにB', 'AをBに変えて'],
    ['B بدلا من A'],
    ['B bukannya A', 'tukar A dengan B'],
  ],
  add: [
    ['add a B', 'with a B', 'and a B too'],
    ['añade B', 'con B'],
    ['Bを追加して'],
    ['أضف B'],
    ['tambah B'],
  ],
  left: [
    ['add a B on the left', 'put a B on the left side'],
    ['añade B a la izquierda'],
    ['左にBを追加して'],
    ['أضف B على اليسار'],
    ['tambah B di sebelah kiri'],
  ],
  more: [['two more A', 'add two more A'], ['dos A más'], ['Aをもう二つ'], ['A آخر'], ['dua lagi A']],
  bigger: [
    ['a bigger A', 'make the A bigger', 'the A larger'],
    ['A más grande'],
    ['Aを大きくして', 'もっと大きなA'],
    ['A أكبر'],
    ['A lebih besar'],
  ],
  missing: [['without the B', 'replace the B with a A'], ['sin B'], ['Bなしで'], ['بدون B'], ['tanpa B']],
} as const;
type Kind = keyof typeof wordings | 'set';
const kinds: readonly Kind[] = [
  'set',
  'set',
  'set',
  'remove',
  'replace',
  'add',
  'left',
  'more',
  'bigger',
  'missing',
];

interface Case {
  kind: Kind;
  text: string;
  scene: Scene;
  a: Noun;
  b: Noun;
  setting: (typeof settings)[number];
}

const without = ['meadow', 'park', 'farm', 'village', 'lake', 'savanna', 'street', 'garden'];

/** A scene of two or three things, each once, in daylight at a place that no change leads to. */
function sceneOf(random: Random, seed: number): { scene: Scene; shown: Noun[]; others: Noun[] } {
  const order = nouns.toSorted(() => random() - 0.5);
  const shown = order.slice(0, 2 + Math.floor(random() * 2));
  const place = pick(random, without);
  const text = `${shown.map(([, name]) => `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`).join(', ')}`;
  return { scene: readScene(text, { seed, place }), shown, others: order.slice(shown.length) };
}

function caseOf(random: Random, seed: number, english: boolean): Case {
  const { scene, shown, others } = sceneOf(random, seed);
  const kind = pick(random, kinds);
  const language = english || random() < 0.6 ? 0 : 1 + Math.floor(random() * 4);
  const [a, b] = [pick(random, shown), pick(random, others)];
  const setting = pick(random, settings);
  const form = kind === 'set' ? setting[2 + language]! : pick(random, wordings[kind][language]!);
  const named = (noun: Noun): string => noun[1 + language]!;
  const plural =
    kind === 'more' && language === 0
      ? `${named(a)}s`
      : kind === 'more' && language === 1
        ? `${named(a)}s`
        : named(a);
  const text = form.replace(/A|B/g, (letter) => (letter === 'A' ? plural : named(b)));
  const grammar = language === 0 ? text.replace(/\ba (?=[aeiou])/g, 'an ') : text;
  return { kind, text: grammar, scene, a, b, setting };
}

const bare = (icon: string): string => icon.replace(/-(?:medium-light|medium-dark|light|medium|dark)$/, '');

/** Whether exactly the change asked for happened, and everything else is as it was to the byte. */
function isRight({ kind, scene, a, b, setting }: Case, after: Scene, codes: readonly string[]): boolean {
  const text = (value: unknown): string => JSON.stringify(value);
  const fields = (Object.keys(scene) as (keyof Scene)[]).filter(
    (key) => key !== 'figures' && text(scene[key]) !== text(after[key]),
  );
  const was = new Map(scene.figures.map((figure) => [figure.id, figure]));
  const is = new Map(after.figures.map((figure) => [figure.id, figure]));
  const gone = scene.figures.filter(({ id }) => !is.has(id));
  const come = after.figures.filter(({ id }) => !was.has(id));
  const other = scene.figures.filter(({ id }) => is.has(id) && text(is.get(id)) !== text(was.get(id)));
  const now = (figure: Figure): Figure => is.get(figure.id)!;
  const named = (figures: readonly Figure[], noun: Noun, count = 1): boolean =>
    figures.length === count &&
    figures.every(({ icon }) => bare(icon) === noun[0] || bare(icon) === `prop-flying-${noun[0]}`);
  const none = gone.length + come.length === 0;
  switch (kind) {
    case 'set': {
      const [field, value] = setting;
      const onlyThat = fields.length === 1 && fields[0] === field && after[field] === value && none;
      // Another place may have its ground elsewhere: feet may move up or down, and nothing else.
      const feet = (figure: Figure) => ({ ...figure, y: 0, depth: 0 });
      return (
        onlyThat &&
        (field === 'place'
          ? other.every((one) => text(feet(one)) === text(feet(now(one))))
          : other.length === 0)
      );
    }
    case 'remove':
      return fields.length + other.length + come.length === 0 && named(gone, a);
    case 'replace':
      return (
        fields.length === 0 &&
        none &&
        named(other, a) &&
        named(other.map(now), b) &&
        other[0]!.x === now(other[0]!).x
      );
    case 'add':
      return fields.length + other.length + gone.length === 0 && named(come, b);
    case 'left':
      return fields.length + other.length + gone.length === 0 && named(come, b) && come[0]!.x < 0.4;
    case 'more':
      return fields.length + other.length + gone.length === 0 && (named(come, a, 2) || named(come, a, 1));
    case 'bigger':
      return (
        fields.length === 0 && none && named(other, a) && now(other[0]!).height > other[0]!.height * 1.05
      );
    case 'missing':
      return fields.length + other.length === 0 && none && codes.includes('noteMissing');
  }
}

function drawRows(count: number): EvalRow[] {
  const random = mulberry32(4242);
  const tally = new Map<string, { right: number; all: number }>();
  const wrong: string[] = [];
  for (let nth = 0; nth < count; nth++) {
    const one = caseOf(random, nth, false);
    const { scene, notes } = changeScene(one.scene, readChange(one.text));
    const right = isRight(
      one,
      scene,
      notes.map(({ code }) => code),
    );
    if (!right) wrong.push(`${one.kind}: ${one.text} (${one.scene.text})`);
    const english = /^[\u0020-\u007e]*$/.test(one.text) && /\b(?:the|a|an|no|in|on|at|two)\b/.test(one.text);
    for (const key of ['all', english ? 'in English' : 'in other languages']) {
      const sum = tally.get(key) ?? { right: 0, all: 0 };
      tally.set(key, { right: sum.right + Number(right), all: sum.all + 1 });
    }
  }
  if (process.env['FABULA_DEBUG']) console.error(wrong.join('\n'));
  return [...tally].map(([key, { right, all }]) =>
    atLeast(
      'mix',
      `drawn: exactly the named change, all else to the byte${key === 'all' ? '' : `, ${key}`}`,
      right / all,
      0.9,
      `${all} cases`,
    ),
  );
}

// Finding

/** Another scene that differs from a scene by one change, made by hand and not by reading words. */
interface Pair {
  base: Scene;
  /** What is asked for the target, in English. */
  text: string;
  target: Scene;
  /** Other changes of the same base: the hardest distractors. */
  siblings: Scene[];
}

function pairOf(random: Random, seed: number): Pair {
  const { scene: base, shown, others } = sceneOf(random, seed);
  const variants = ['time', 'weather', 'place', 'replace', 'remove', 'add'].map(
    (kind): { text: string; scene: Scene } => {
      const [a, b] = [pick(random, shown), pick(random, others)];
      const article = (name: string): string => `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;
      const staged = (names: readonly string[], place = base.place): Scene =>
        readScene(names.map(article).join(', '), { seed, place });
      const names = shown.map(([, name]) => name as string);
      if (kind === 'replace')
        return {
          text: `with ${article(b[1])} instead of the ${a[1]}`,
          scene: staged(names.map((name) => (name === a[1] ? b[1] : name))),
        };
      if (kind === 'remove')
        return { text: `without the ${a[1]}`, scene: staged(names.filter((name) => name !== a[1])) };
      if (kind === 'add') return { text: `with ${article(b[1])}`, scene: staged([...names, b[1]]) };
      const setting = pick(
        random,
        settings.filter(([field]) => field === kind),
      );
      const [field, value, text] = setting;
      return {
        text: `the same ${text}`,
        scene: field === 'place' ? staged(names, value) : { ...base, [field]: value },
      };
    },
  );
  const at = Math.floor(random() * variants.length);
  const { text, scene } = variants[at]!;
  return {
    base,
    text,
    target: scene,
    siblings: variants.filter((_, nth) => nth !== at).map(({ scene: one }) => one),
  };
}

async function withStudio<T>(work: (studio: Studio) => Promise<T>): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), 'fabula-eval-'));
  const studio = await openStudio({ dataDir, resident: false });
  try {
    return await work(studio);
  } finally {
    await studio.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

interface Query {
  pictures: MixPicture[];
  text: string;
  /** Any of them is right. */
  right: ReadonlySet<string>;
  /** What a person has written of the picture asked with; nothing where it is left to what is seen on it. */
  caption?: string;
}

const noWords = { added: 0, removed: 0, kept: 0, alike: 0 } as const;
const ways: Readonly<Record<string, MixWeights | 'sum' | 'text'>> = {
  mix: mixWeights,
  'mix without the words seen': { ...mixWeights, ...noWords },
  'picture only': { picture: 1, text: 0, change: 0, second: 0, words: 0, ...noWords },
  'text only': 'text',
  'plain sum of picture and text': 'sum',
};

/** R@1 and R@5 of each way to search. */
async function recall(
  studio: Studio,
  queries: readonly Query[],
  progress?: (done: number, total: number) => void,
): Promise<Map<string, [number, number]>> {
  const found = new Map<string, [number, number]>();
  for (const [at, query] of queries.entries()) {
    const { caption } = query;
    const { asset } = query.pictures[0] as { asset: string };
    // The picture's own caption says what it shows; the others have none.
    if (caption !== undefined)
      studio.library.setCaption(asset, { text: caption, source: 'person', pack: null });
    for (const [way, how] of Object.entries(ways)) {
      const ids = await topOf(studio, query, how);
      const sum = found.get(way) ?? [0, 0];
      found.set(way, [
        sum[0] + (query.right.has(ids[0] ?? '') ? 1 : 0) / queries.length,
        sum[1] + (ids.some((id) => query.right.has(id)) ? 1 : 0) / queries.length,
      ]);
    }
    if (caption !== undefined) studio.library.setCaption(asset, { text: '', source: 'person', pack: null });
    progress?.(at + 1, queries.length);
  }
  return found;
}

async function topOf(
  studio: Studio,
  { pictures, text }: Query,
  how: MixWeights | 'sum' | 'text',
): Promise<string[]> {
  if (typeof how !== 'string') {
    const { hits } = await studio.mix.find(pictures, text, { limit: 5, weights: how });
    return hits.map(({ asset }) => asset.id);
  }
  const { asset } = pictures[0] as { asset: string };
  if (how === 'sum') {
    const { hits } = await studio.search.find({ plus: [{ asset }, { text }], minus: [] }, { limit: 5 });
    return hits.map((hit) => hit.asset.id);
  }
  const [vector] = await studio.search.encodeTexts([translateToEnglish(text)], {});
  return studio.search
    .search(vector!, 6)
    .map((hit) => hit.asset)
    .filter((id) => id !== asset)
    .slice(0, 5);
}

/** Painted pictures that differ by exactly one change, made by hand. */
async function paintedRows({ quick, progress }: EvalOptions): Promise<EvalRow[]> {
  return withStudio(async (studio) => {
    const random = mulberry32(99);
    const pairs = Array.from({ length: quick ? 8 : 100 }, (_, nth) => pairOf(random, 7000 + nth));
    let number = 0;
    const put = async (scene: Scene): Promise<string> => {
      const bytes = await rasterise(drawScene(scene), { width: 416, height: 234 });
      const { asset } = await studio.library.importBytes(`${++number}.png`, bytes, { origin: 'imported' });
      return asset.id;
    };
    const queries: Query[] = [];
    for (const [at, { base, target, text, siblings }] of pairs.entries()) {
      const asset = await put(base);
      const right = new Set([await put(target)]);
      for (const sibling of siblings) await put(sibling);
      queries.push({ pictures: [{ asset, scene: base }], text, right });
      progress('pairs painted', at + 1, pairs.length);
    }
    await embed(studio, progress);
    const tested = judged(queries);
    const on = `${tested.length} painted pairs, ${studio.library.count() - 2} distractors, 5 of them other changes of the same picture`;
    const told = await recall(studio, tested, (done, all) => progress('painted pairs', done, all));
    const seen = await recall(
      studio,
      tested.map(({ pictures: [one], ...rest }) => ({
        ...rest,
        pictures: [{ asset: (one as { asset: string }).asset }],
      })),
      (done, all) => progress('painted pairs, seen', done, all),
    );
    return [...rowsOf('painted', told, on), ...rowsOf('painted, the scene read off the picture', seen, on)];
  });
}

/** The queries that are scored: the others were used to choose the weights. */
function judged<One>(queries: readonly One[]): One[] {
  return queries.filter((_, at) => at % 2 === 1);
}

async function embed(studio: Studio, progress: EvalOptions['progress']): Promise<void> {
  await studio.search.embedMissing({ onProgress: (done, total) => progress('pictures seen', done, total) });
}

function rowsOf(kind: string, found: Map<string, [number, number]>, note: string): EvalRow[] {
  const best = Math.max(...[...found].flatMap(([way, [, five]]) => (way.startsWith('mix') ? [] : [five])));
  return [...found].map(([way, [one, five]]): EvalRow => ({
    part: 'mix',
    what: `found, ${kind}, ${way}: R@5`,
    value: five,
    note: `R@1 ${one.toFixed(3)}; ${note}`,
    // A mix is worth asking for only where no part of it finds more by itself.
    ...(way === 'mix' ? { asked: `>= ${best.toFixed(3)}`, met: five >= best - 1e-9 } : {}),
  }));
}

/** Photos that differ by one thing, by human captions ({@link photoPairs}). */
async function photoRows({ shared, quick, progress }: EvalOptions): Promise<EvalRow[]> {
  const folder = join(shared, 'photos');
  const photos = readManifest(folder, 'flickr8k', 'dev')?.slice(0, quick ? 100 : 1000);
  if (!photos) return [skipped('mix', 'Flickr8k is not there')];
  return withStudio(async (studio) => {
    const ids: string[] = [];
    for (const { file } of photos) {
      const { asset } = await studio.library.importFile(join(folder, file), { originals: 'leave' });
      ids.push(asset.id);
      progress('photos imported', ids.length, photos.length);
    }
    await embed(studio, progress);
    const queries = photoPairs(photos.map(({ captions = [] }) => captions)).map(
      ({ base, caption, from, to, right }): Query => ({
        pictures: [{ asset: ids[base]! }],
        text: `with ${/[^s]s$/.test(to) ? '' : /^[aeiou]/.test(to) ? 'an ' : 'a '}${to} instead of the ${from}`,
        right: new Set(right.map((one) => ids[one]!)),
        caption,
      }),
    );
    const tested = judged(queries);
    const on = `${tested.length} Flickr8k photos; right are those whose captions differ by the one thing, ${(
      tested.reduce((sum, { right }) => sum + right.size, 0) / Math.max(1, tested.length)
    ).toFixed(1)} of ${photos.length - 1} on average`;
    const told = await recall(studio, tested, (done, all) => progress('photos', done, all));
    const seen = await recall(
      studio,
      tested.map(({ caption: _, ...rest }) => rest),
      (done, all) => progress('photos, seen', done, all),
    );
    return [
      ...rowsOf('photos with a caption by a person', told, on),
      ...rowsOf('photos by what is seen', seen, on),
    ];
  });
}

/** Rows of `npm run eval -- --only mix`. */
export async function mix(options: EvalOptions): Promise<EvalRow[]> {
  return [
    ...drawRows(options.quick ? 60 : 600),
    ...(await paintedRows(options)),
    ...(await photoRows(options)),
  ];
}
