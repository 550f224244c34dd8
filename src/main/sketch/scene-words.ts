import { sketchPack, type Box, type Pyramid, type Word } from '../../shared/pyramid.ts';
import type { Figure, Scene } from '../../shared/scene.ts';
import { figureBox } from './anatomy.ts';
import { boxOf, sketchSize } from './draw.ts';
import { figureInfo, senses } from './lexicon.ts';
import { fitFigure } from './revise.ts';
import { placeNamed } from './places.ts';

/**
 * Between scenes and words: the pyramid of a scene, which is exact, and a scene of the words seen on any picture, with
 * each figure where its word was seen (Yu et al. 2023, "SPAE", decode the words of a layer back into a picture).
 */

const aspect = sketchSize.width / sketchSize.height;

/** The hour and the weather of a scene as its pyramid says them; what goes without saying is left out. */
const timeWords: Partial<Record<Scene['time'], string>> = { dawn: 'sunrise', dusk: 'sunset', night: 'night' };
const weatherWords: Partial<Record<Scene['weather'], string>> = {
  cloudy: 'cloud',
  rain: 'rain',
  snow: 'snowfall',
  fog: 'fog',
  storm: 'storm',
  wind: 'wind',
};
const moodWords: Partial<Record<Scene['mood'], string>> = {
  happy: 'smiling',
  sad: 'sad',
  angry: 'angry',
  scared: 'scared',
  calm: 'calm',
};
const countWords = ['', '', 'two', 'three', 'four', 'five'];

/** Figures in the second layer of a scene's pyramid. */
const mostSubjects = 3;
/** Words in its third layer. */
const mostDetails = 16;

/**
 * The words of a scene: its main figure, the other large ones with the place, and everything else.
 */
export function wordsOfScene(scene: Scene): Pyramid {
  const figures = scene.figures
    .map((figure) => ({ figure, box: seenBox(figure), living: isLiving(figure.icon) }))
    .filter(({ box }) => box.width > 0 && box.height > 0)
    // What lives is what a picture is about, however large the tree behind it is.
    .sort((a, b) => Number(b.living) - Number(a.living) || area(b.box) - area(a.box));
  const things = new Map<string, Word & { count: number }>();
  for (const { figure, box } of figures) {
    const word = labelOf(figure);
    const known = things.get(word);
    if (known) known.count += 1;
    else things.set(word, { ...exact(word, 'thing', box), count: 1 });
  }
  const place = scene.place === 'plain' ? [] : [exact(scene.place.replaceAll('-', ' '), 'place', null)];
  const [main, ...others] = [...things.values()].map(({ count: _, ...word }) => word);
  const concept = main ?? place[0] ?? exact('picture', 'thing', null);
  const setting = main === undefined ? [] : place;
  const time = timeWords[scene.time];
  const weather = weatherWords[scene.weather];
  const mood = moodWords[scene.mood];
  const counts = new Set([...things.values()].map(({ count }) => (count < 6 ? countWords[count] : 'many')));
  const details = [
    ...others.slice(mostSubjects),
    ...(time === undefined ? [] : [exact(time, 'time', null)]),
    ...(weather === undefined ? [] : [exact(weather, 'time', null)]),
    ...[...counts].flatMap((word) => (word ? [exact(word, 'count', null)] : [])),
    ...(mood === undefined ? [] : [exact(mood, 'look', null)]),
  ];
  return {
    pack: sketchPack,
    concept,
    subjects: [...others.slice(0, mostSubjects), ...setting],
    details: details.slice(0, mostDetails),
  };
}

/** What stands for things in general: drawn only where no narrower word was seen. */
const general: ReadonlySet<string> = new Set(
  'animal person people child vehicle building plant food furniture toy clothes weapon room'.split(' '),
);
/** Parts of what is drawn whole, what is worn and drawn with its wearer, and what is no thing to put somewhere. */
const neverDrawn: ReadonlySet<string> = new Set(
  (
    'head face hair beard eye ear nose mouth tongue tooth neck arm hand finger leg foot back body chest paw tail ' +
    'wing fur tattoo mohawk spot shirt jacket sweater vest suit dress skirt shorts pants jeans swimsuit wetsuit ' +
    'uniform costume jersey shoe glove tie hood collar harness muzzle leash wall hole puddle mud splash wave shadow ' +
    'smoke bar board platform ledge machine equipment paint graffiti light rail pole ramp picture clothes room'
  ).split(' '),
);
/** Settings that the painter has no place of the same name for. */
const nearestPlace: Readonly<Record<string, string>> = {
  sand: 'beach',
  water: 'lake',
  ice: 'snow',
  hill: 'meadow',
  cliff: 'mountains',
  path: 'park',
  sidewalk: 'street',
  ground: 'meadow',
  dirt: 'road',
  pool: 'lake',
  track: 'stadium',
  court: 'stadium',
  gym: 'stadium',
  restaurant: 'shop',
  'skate park': 'playground',
  'parking lot': 'street',
  subway: 'city',
  harbor: 'sea',
  island: 'beach',
  bathroom: 'bedroom',
  floor: 'living-room',
  office: 'library',
  room: 'living-room',
  landscape: 'meadow',
  outdoors: 'meadow',
  indoors: 'living-room',
  building: 'city',
  tree: 'forest',
  house: 'village',
};

/** Grass is in parks, too, the sea at beaches, the city around its streets. */
const foundInMany: Readonly<Record<string, number>> = {
  grass: 0.5,
  field: 0.85,
  sea: 0.75,
  city: 0.8,
  sky: 0.5,
};

/** Less likely words are not drawn: a figure that is wrong is worse than one that is missing. */
const drawnFrom = 0.4;
/** Boxes that overlap so much show one thing. */
const sameThing = 0.3;
const mostFigures = 24;

/**
 * A scene of words: the setting they name, and a figure for each thing with one in the lexicon, as large as its box and
 * standing on its lower edge; a thing without a box goes where there is room. A word in general (`animal`) is drawn
 * only where no narrower one (`dog`) was seen.
 */
export function sceneFromWords(words: readonly Word[], { seed }: { seed: number }): Scene {
  const settings = words.filter(({ kind }) => kind !== 'thing');
  const said = (kind: string): string | undefined =>
    [...settings, ...words]
      .flatMap(({ word }) => senses('en', word).concepts)
      .find((concept) => concept.startsWith(`${kind} `))
      ?.slice(kind.length + 1);
  const place = placeOf(words);
  const bare: Scene = {
    format: 1,
    seed,
    place: placeNamed(place).name,
    time: oneOf(['dawn', 'day', 'dusk', 'night'], said('time')) ?? 'day',
    weather:
      oneOf(['clear', 'cloudy', 'rain', 'snow', 'fog', 'storm', 'wind'], said('weather')) ??
      (words.some(({ word }) => word === 'cloud') ? 'cloudy' : 'clear'),
    shot: 'medium',
    mood: words.some(({ word }) => word === 'smiling' || word === 'laughing') ? 'happy' : 'neutral',
    figures: [],
    unknown: [],
    text: words.map(({ word }) => word).join(', '),
  };
  const drawable = words.flatMap((word) => {
    if (word.kind !== 'thing' || word.probability < drawnFrom || neverDrawn.has(word.word)) return [];
    const [info] = senses('en', word.word).figures;
    return info === undefined ? [] : [{ word, info }];
  });
  // Narrow words first, so that what is general finds its place taken.
  drawable.sort((a, b) => Number(general.has(a.word.word)) - Number(general.has(b.word.word)));
  let scene = bare;
  const taken: { box: Box | null; living: boolean }[] = [];
  for (const { word, info } of drawable) {
    if (scene.figures.length >= mostFigures) break;
    const living = isLiving(info.icon);
    if (
      general.has(word.word) &&
      taken.some(
        (other) =>
          (living && other.living) ||
          (word.box !== null && other.box !== null && overlap(word.box, other.box) > sameThing),
      )
    ) {
      continue;
    }
    if (scene.figures.some((figure) => figure.icon === info.icon)) continue;
    const fitted = fitFigure(scene, { icon: info.icon, word: word.word });
    scene = {
      ...scene,
      figures: [...scene.figures, word.box === null ? fitted : standing(fitted, word.box)],
    };
    taken.push({ box: word.box, living });
  }
  return scene;
}

/** The place that words name: the likeliest, where what is found in many places counts for less. */
function placeOf(words: readonly Word[]): string {
  const named = words.flatMap(({ word, probability }) =>
    senses('en', word).concepts.flatMap((concept) =>
      concept.startsWith('place ')
        ? [{ name: concept.slice('place '.length), weight: probability * (foundInMany[word] ?? 1) }]
        : [],
    ),
  );
  const [first, ...others] = named;
  if (first) return others.reduce((best, one) => (one.weight > best.weight ? one : best), first).name;
  return words.map(({ word }) => nearestPlace[word]).find((name) => name !== undefined) ?? 'plain';
}

/** A figure as large as fits into a box, with its foot in the middle of the box's lower edge. */
function standing(figure: Figure, box: Box): Figure {
  const shape = figureBox(figure.icon);
  const height = Math.min(box.height, (box.width * aspect * shape.h) / shape.w);
  const round = (value: number): number => Math.round(value * 10_000) / 10_000;
  const y = round(box.y + box.height);
  return {
    ...figure,
    x: round(box.x + box.width / 2),
    y,
    height: round(Math.min(1, Math.max(0.05, height))),
    // What stands lower in the picture is nearer.
    depth: y,
  };
}

function seenBox(figure: Figure): Box {
  const box = boxOf(figure, aspect);
  const clip = (value: number): number => Math.min(1, Math.max(0, value));
  const round = (value: number): number => Math.round(value * 1000) / 1000;
  const [left, top] = [clip(box.x), clip(box.y)];
  return {
    x: round(left),
    y: round(top),
    width: round(Math.max(0, clip(box.x + box.width) - left)),
    height: round(Math.max(0, clip(box.y + box.height) - top)),
  };
}

/** People and animals: what lacks a body in the figure set has one, and what has a side to look to mostly lives. */
function isLiving(icon: string): boolean {
  const info = figureInfo(icon);
  if (info === undefined) return false;
  return (
    info.lacks !== undefined ||
    /^(?:man|woman|boy|girl|person|child|baby)\b/.test(icon) ||
    animals.has(info.label)
  );
}

const animals: ReadonlySet<string> = new Set(
  (
    'dog poodle cat black-cat rabbit bird mouse horse cow ox pig ewe sheep goat chicken rooster duck goose turkey ' +
    'donkey bear fox wolf deer owl hedgehog chipmunk squirrel raccoon badger boar moose skunk lion tiger leopard ' +
    'elephant giraffe zebra rhinoceros hippopotamus monkey gorilla orangutan camel llama sloth fish shark dolphin ' +
    'octopus jellyfish whale squid turtle seal frog crab snail snake lizard crocodile eagle swan penguin parrot dove ' +
    'butterfly bee spider scorpion dragon'
  ).split(' '),
);

const labelOf = (figure: Figure): string =>
  (figureInfo(figure.icon)?.label ?? figure.word).toLowerCase().slice(0, 200);

const exact = (word: string, kind: Word['kind'], box: Box | null): Word => ({
  word,
  kind,
  probability: 1,
  box,
});

const area = (box: Box): number => box.width * box.height;

/** Intersection over union, 0..1. */
function overlap(a: Box, b: Box): number {
  const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  const common = Math.max(0, across) * Math.max(0, down);
  return common === 0 ? 0 : common / (area(a) + area(b) - common);
}

function oneOf<Value extends string>(values: readonly Value[], value: string | undefined): Value | undefined {
  return values.find((one) => one === value);
}
