/**
 * The training world: random scenes drawn by the sketch painter, each with descriptions and the boxes of its figures.
 *
 *   npm run -s training:world -- --count N --seed S --out DIR [--words]
 *
 * writes DIR/scenes.jsonl and DIR/NNNNNN.png (208 x 208, drawn square); with --words nothing is drawn. The same count, seed and lexicon write the same
 * files. Progress goes to stderr.
 */
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import type { Scene } from '../../src/shared/scene.ts';
import { moods, shots, times, weathers } from '../../src/shared/scene.ts';
import { describeScene, type SceneRelation } from '../../src/main/sketch/describe.ts';
import { drawScene, figureRect } from '../../src/main/sketch/draw.ts';
import { layoutFigures, type Actor, type Relation } from '../../src/main/sketch/layout.ts';
import { figureInfo, hasTone } from '../../src/main/sketch/lexicon.ts';
import { mulberry32, pick, type Random } from '../../src/main/sketch/random.ts';

const side = 208;

/** What is drawn, and what it may be called. The most common things of photographs come first and more often. */
const people: readonly (readonly [string, readonly string[]])[] = [
  ['man', ['man', 'man', 'guy', 'person']],
  ['woman', ['woman', 'woman', 'lady', 'person']],
  ['boy', ['boy', 'boy', 'young boy', 'little boy', 'child']],
  ['girl', ['girl', 'girl', 'young girl', 'little girl', 'child']],
  ['child', ['child', 'kid', 'toddler']],
  ['baby', ['baby']],
  ['old-man', ['old man', 'man']],
  ['old-woman', ['old woman', 'woman']],
  ['man-beard', ['man with a beard', 'man']],
  ['farmer', ['farmer']],
  ['cook', ['cook', 'chef']],
  ['police-officer', ['police officer']],
  ['firefighter', ['firefighter']],
  ['astronaut', ['astronaut']],
  ['prince', ['prince']],
  ['princess', ['princess']],
  ['person-with-crown', ['king']],
  ['prop-queen', ['queen']],
  ['prop-knight', ['knight']],
  ['prop-pirate', ['pirate']],
  ['man-mage', ['wizard']],
  ['woman-mage', ['witch']],
  ['robot', ['robot']],
  ['ghost', ['ghost']],
  ['clown-face', ['clown']],
  ['health-worker', ['doctor']],
  ['teacher', ['teacher']],
  ['construction-worker', ['construction worker']],
];
const sports: readonly (readonly [string, readonly string[]])[] = [
  ['man-biking', ['cyclist', 'man on a bike', 'person riding a bicycle']],
  ['woman-biking', ['woman on a bike', 'cyclist']],
  ['man-running', ['man running', 'runner']],
  ['woman-running', ['woman running', 'runner']],
  ['man-walking', ['man walking']],
  ['woman-walking', ['woman walking']],
  ['man-standing', ['man standing', 'man']],
  ['woman-standing', ['woman standing', 'woman']],
  ['man-cartwheeling', ['person doing a cartwheel', 'person flipping']],
  ['man-bouncing-ball', ['man playing basketball', 'basketball player']],
  ['man-golfing', ['man playing golf', 'golfer']],
  ['man-playing-handball', ['man throwing a ball', 'ball player']],
  ['man-dancing', ['man dancing']],
  ['woman-dancing', ['woman dancing', 'dancer']],
  ['man-mountain-biking', ['mountain biker', 'man on a mountain bike']],
  ['man-climbing', ['climber', 'man climbing a rock']],
];
const pets: readonly (readonly [string, readonly string[]])[] = [
  ['dog', ['dog', 'dog', 'dog', 'brown dog', 'puppy']],
  ['dog', ['dog', 'tan dog']],
  ['poodle', ['poodle', 'dog']],
  ['cat', ['cat', 'cat', 'kitten']],
  ['black-cat', ['black cat', 'cat']],
  ['rabbit', ['rabbit', 'bunny']],
  ['bird', ['bird', 'red bird']],
  ['mouse', ['mouse']],
];
const vehicles: readonly (readonly [string, readonly string[]])[] = [
  ['automobile', ['car', 'red car']],
  ['sport-utility-vehicle', ['jeep', 'car']],
  ['taxi', ['taxi', 'yellow taxi']],
  ['police-car', ['police car']],
  ['bus', ['bus']],
  ['fire-engine', ['fire truck']],
  ['ambulance', ['ambulance']],
  ['delivery-truck', ['truck']],
  ['tractor', ['tractor']],
  ['racing-car', ['race car']],
  ['motorcycle', ['motorcycle', 'motorbike']],
  ['motor-scooter', ['scooter']],
  ['bicycle', ['bicycle', 'bike']],
];
const carried: readonly (readonly [string, readonly string[]])[] = [
  ['prop-ball', ['ball', 'red ball']],
  ['soccer-ball', ['soccer ball', 'ball']],
  ['basketball', ['basketball']],
  ['tennis', ['tennis racket']],
  ['balloon', ['balloon', 'red balloon']],
  ['kite', ['kite']],
  ['umbrella', ['umbrella']],
  ['guitar', ['guitar']],
  ['closed-book', ['book']],
  ['bouquet', ['flowers', 'bunch of flowers']],
  ['camera', ['camera']],
  ['soft-ice-cream', ['ice cream']],
  ['red-apple', ['apple']],
  ['fishing-pole', ['fishing rod']],
  ['backpack', ['backpack']],
  ['teddy-bear', ['teddy bear']],
  ['prop-sword', ['sword']],
  ['white-flag', ['flag']],
  ['microphone', ['microphone']],
  ['wrapped-gift', ['present']],
  ['basket', ['basket']],
  ['mobile-phone', ['phone']],
];
const worn: readonly (readonly [string, readonly string[]])[] = [
  ['top-hat', ['black hat', 'hat']],
  ['billed-cap', ['blue cap', 'cap']],
  ['womans-hat', ['straw hat', 'hat']],
  ['rescue-workers-helmet', ['red helmet', 'helmet']],
  ['crown', ['crown']],
  ['sunglasses', ['sunglasses']],
  ['glasses', ['glasses']],
  ['scarf', ['red scarf', 'scarf']],
];
const fetched: readonly (readonly [string, readonly string[]])[] = [
  ['prop-ball', ['ball', 'red ball', 'toy']],
  ['flying-disc', ['frisbee']],
  ['bone', ['bone']],
  ['wood', ['stick']],
];
const seats: readonly (readonly [string, readonly string[]])[] = [
  ['prop-table', ['table']],
  ['chair', ['chair']],
  ['prop-bench', ['bench']],
  ['couch-and-lamp', ['couch']],
  ['bed', ['bed']],
  ['rock', ['rock']],
  ['wood', ['log']],
  ['prop-rug', ['rug']],
  ['package', ['box']],
];
const tableware: readonly (readonly [string, readonly string[]])[] = [
  ['hot-beverage', ['cup of coffee', 'cup']],
  ['teapot', ['teapot']],
  ['birthday-cake', ['cake', 'birthday cake']],
  ['pizza', ['pizza']],
  ['red-apple', ['apple']],
  ['banana', ['banana']],
  ['bread', ['bread']],
  ['laptop', ['laptop']],
  ['books', ['books', 'pile of books']],
  ['hamburger', ['hamburger']],
  ['candle', ['candle']],
  ['potted-plant', ['plant']],
  ['bottle-with-popping-cork', ['bottle']],
  ['wine-glass', ['glass of wine']],
  ['cooked-rice', ['bowl of rice']],
];
const standing: readonly (readonly [string, readonly string[]])[] = [
  ['deciduous-tree', ['tree']],
  ['evergreen-tree', ['pine tree', 'tree']],
  ['house', ['house']],
  ['tent', ['tent']],
  ['prop-fence', ['fence']],
  ['prop-bench', ['bench']],
  ['rock', ['rock']],
  ['fire', ['campfire', 'fire']],
  ['fountain', ['fountain']],
  ['prop-statue', ['statue']],
  ['castle', ['castle']],
  ['snowman-without-snow', ['snowman']],
  ['sunflower', ['sunflower']],
  ['mushroom', ['mushroom']],
];

const named = (label: string, ...icons: string[]): readonly (readonly [string, readonly string[]])[] =>
  icons.map((icon) => [icon, [figureInfo(icon)?.label ?? label]] as const);

interface Home {
  readonly weight: number;
  readonly animals: readonly (readonly [string, readonly string[]])[];
  readonly afloat?: readonly (readonly [string, readonly string[]])[];
  readonly people: number;
  readonly vehicles?: boolean;
  readonly indoor?: boolean;
}

const farmyard = named(
  'animal',
  'cow',
  'horse',
  'pig',
  'ewe',
  'goat',
  'chicken',
  'rooster',
  'duck',
  'donkey',
  'goose',
  'turkey',
);
const woodland = named(
  'animal',
  'bear',
  'fox',
  'wolf',
  'deer',
  'owl',
  'rabbit',
  'hedgehog',
  'chipmunk',
  'raccoon',
  'badger',
  'boar',
  'moose',
  'skunk',
);
const wild = named(
  'animal',
  'lion',
  'elephant',
  'giraffe',
  'zebra',
  'rhinoceros',
  'leopard',
  'hippopotamus',
  'monkey',
  'gorilla',
);
const boats = named(
  'boat',
  'sailboat',
  'canoe',
  'speedboat',
  'motor-boat',
  'ship',
  'ferry',
  'prop-pirate-ship',
  'man-rowing-boat',
);
const swimmers = named(
  'fish',
  'fish',
  'tropical-fish',
  'shark',
  'dolphin',
  'octopus',
  'jellyfish',
  'whale',
  'squid',
  'turtle',
  'blowfish',
  'seal',
);

const homes: Readonly<Record<string, Home>> = {
  meadow: { weight: 9, animals: [...pets, ...pets, ...farmyard, ['butterfly', ['butterfly']]], people: 0.6 },
  park: {
    weight: 8,
    animals: [...pets, ...pets, ['duck', ['duck']], ['chipmunk', ['squirrel']]],
    people: 0.7,
  },
  beach: {
    weight: 7,
    animals: [...pets, ['crab', ['crab']], ['turtle', ['turtle']], ['seal', ['seal']]],
    afloat: [...boats.slice(0, 4), ['man-surfing', ['surfer', 'man surfing']]],
    people: 0.65,
  },
  street: { weight: 6, animals: pets, people: 0.7, vehicles: true },
  city: { weight: 4, animals: pets, people: 0.6, vehicles: true },
  road: { weight: 4, animals: [...pets, ...farmyard], people: 0.4, vehicles: true },
  snow: {
    weight: 6,
    animals: [
      ...pets,
      ['penguin', ['penguin']],
      ['polar-bear', ['polar bear']],
      ['wolf', ['wolf']],
      ['seal', ['seal']],
    ],
    people: 0.55,
  },
  lake: {
    weight: 5,
    animals: [...pets, ['frog', ['frog']], ['beaver', ['beaver']]],
    afloat: [...boats.slice(0, 4), ['swan', ['swan']]],
    people: 0.5,
  },
  river: {
    weight: 4,
    animals: [...pets, ['bear', ['bear']], ['frog', ['frog']], ['otter', ['otter']]],
    afloat: [
      ['canoe', ['canoe', 'kayak']],
      ['swan', ['swan']],
      ['man-rowing-boat', ['man rowing a boat']],
    ],
    people: 0.5,
  },
  forest: { weight: 5, animals: [...woodland, ...pets], people: 0.35 },
  mountains: {
    weight: 4,
    animals: [['goat', ['goat']], ['eagle', ['eagle']], ['llama', ['llama']], ['bear', ['bear']], ...pets],
    people: 0.55,
  },
  farm: { weight: 4, animals: farmyard, people: 0.3 },
  garden: {
    weight: 4,
    animals: [
      ...pets,
      ['butterfly', ['butterfly']],
      ['hedgehog', ['hedgehog']],
      ['honeybee', ['bee']],
      ['snail', ['snail']],
    ],
    people: 0.5,
  },
  playground: { weight: 5, animals: pets, people: 0.85 },
  stadium: { weight: 5, animals: pets.slice(0, 2), people: 0.95 },
  savanna: { weight: 3, animals: wild, people: 0.1 },
  jungle: {
    weight: 3,
    animals: named(
      'animal',
      'monkey',
      'tiger',
      'snake',
      'parrot',
      'elephant',
      'leopard',
      'gorilla',
      'sloth',
      'crocodile',
      'orangutan',
    ),
    people: 0.15,
  },
  desert: {
    weight: 2,
    animals: named('animal', 'camel', 'two-hump-camel', 'lizard', 'snake', 'scorpion'),
    people: 0.3,
  },
  village: { weight: 3, animals: [...pets, ...farmyard], people: 0.5 },
  sea: {
    weight: 3,
    animals: named('animal', 'dolphin', 'whale', 'spouting-whale', 'shark'),
    afloat: boats,
    people: 0,
  },
  underwater: { weight: 3, animals: swimmers, people: 0.05 },
  cave: { weight: 1, animals: named('animal', 'bat', 'bear', 'dragon', 'spider'), people: 0.4 },
  'throne-room': { weight: 1, animals: pets, people: 0.9, indoor: true },
  bedroom: { weight: 3, animals: pets, people: 0.5, indoor: true },
  kitchen: { weight: 3, animals: pets, people: 0.6, indoor: true },
  'living-room': { weight: 4, animals: pets, people: 0.5, indoor: true },
  classroom: { weight: 2, animals: pets.slice(0, 2), people: 0.9, indoor: true },
  library: { weight: 1, animals: pets, people: 0.8, indoor: true },
  shop: { weight: 1, animals: pets.slice(0, 2), people: 0.9, indoor: true },
  space: {
    weight: 1,
    animals: [
      ['rocket', ['rocket', 'spaceship']],
      ['flying-saucer', ['flying saucer']],
      ['astronaut', ['astronaut']],
      ['satellite', ['satellite']],
      ['alien', ['alien']],
    ],
    people: 0,
  },
  moon: {
    weight: 1,
    animals: [
      ['astronaut', ['astronaut']],
      ['alien', ['alien']],
      ['robot', ['robot']],
    ],
    people: 0,
  },
  sky: {
    weight: 2,
    animals: [
      ['airplane', ['airplane', 'plane']],
      ['eagle', ['eagle']],
      ['prop-hot-air-balloon', ['hot air balloon']],
      ['helicopter', ['helicopter']],
      ['dove', ['white bird', 'dove']],
      ['kite', ['kite']],
      ['parachute', ['parachute']],
      ['dragon', ['dragon']],
    ],
    people: 0,
  },
  bridge: { weight: 1, animals: pets, people: 0.6, vehicles: true },
  stage: { weight: 1, animals: pets.slice(0, 2), people: 1 },
};

const colours = [
  ['red', 0],
  ['orange', 28],
  ['yellow', 50],
  ['green', 130],
  ['blue', 215],
  ['purple', 275],
  ['pink', 325],
] as const;
const dyeable = new Set([
  'automobile',
  'prop-ball',
  'balloon',
  'umbrella',
  'sport-utility-vehicle',
  'bus',
  'racing-car',
  'backpack',
  'scarf',
  'billed-cap',
  'tent',
  'closed-book',
  'motor-scooter',
]);
/** The skin tone in the name of a figure, which says nothing of what it is. */
const toneEnding = /-(?:medium-)?(?:light|dark)$|-medium$/;
const toneNames = ['light', 'medium-light', 'medium', 'medium-dark', 'dark'] as const;
const timeChances = [...Array<number>(6).fill(1), 0, 2, 3, 3] as const;
const weatherChances = [...Array<number>(8).fill(0), 1, 1, 2, 3, 4, 5, 6] as const;

interface Draft {
  readonly actors: Actor[];
  readonly names: Record<number, string>;
  readonly relations: SceneRelation[];
}

function add(
  draft: Draft,
  random: Random,
  choice: readonly [string, readonly string[]],
  relation?: { kind: Relation; to: number },
): number {
  let [icon] = choice;
  let name = pick(random, choice[1]);
  let hue: number | undefined;
  const info = figureInfo(icon);
  if (!info) throw new Error(`The world names a figure "${icon}" which is not in the lexicon.`);
  if (dyeable.has(icon) && info.hue >= 0 && random() < 0.6) {
    const [colour, degrees] = pick(random, colours);
    hue = ((degrees - info.hue + 540) % 360) - 180;
    name = `${colour} ${name.replace(/^(?:red|yellow|blue|black) /, '')}`;
  }
  if ((info.lacks === 'head' || info.lacks === 'bust' || /^(?:man|woman)-/.test(icon)) && random() < 0.85) {
    const tone = pick(random, toneNames);
    if (hasTone(icon, tone)) icon = `${icon}-${tone}`;
  }
  const at = draft.actors.length;
  draft.actors.push({
    icon,
    word: name,
    ...(hue === undefined ? {} : { hue }),
    ...(relation === undefined ? {} : { relation }),
  });
  draft.names[at] = name;
  if (relation) draft.relations.push({ kind: relation.kind, from: at, to: relation.to });
  return at;
}

/** A holder comes first in the caption and second in the layout: `to` holds `at`. */
function give(
  draft: Draft,
  random: Random,
  kind: 'hold' | 'wear',
  holder: number,
  choices: readonly (readonly [string, readonly string[]])[],
): void {
  const at = add(draft, random, pick(random, choices), { kind, to: holder });
  draft.relations.pop();
  draft.relations.push({ kind, from: holder, to: at });
}

function compose(place: string, home: Home, random: Random): Draft {
  const draft: Draft = { actors: [], names: {}, relations: [] };
  const roll = random();
  const person = (): readonly [string, readonly string[]] =>
    home.indoor || random() < 0.7
      ? random() < 0.75
        ? pick(random, people.slice(0, 9))
        : pick(random, people)
      : pick(random, sports);
  const animal = (): readonly [string, readonly string[]] => pick(random, home.animals);
  const someone = (): readonly [string, readonly string[]] => (random() < home.people ? person() : animal());
  const whole = (): readonly [string, readonly string[]] =>
    pick(random, people.slice(0, random() < 0.8 ? 9 : people.length));
  const free =
    place !== 'space' && place !== 'sky' && place !== 'underwater' && place !== 'sea' && place !== 'moon';
  if (roll < 0.16) {
    add(draft, random, someone());
  } else if (roll < 0.28) {
    const choice = someone();
    const count = 2 + Math.floor(random() * 3);
    const name = [pick(random, choice[1])];
    for (let i = 0; i < count; i++) add(draft, random, [choice[0], name]);
  } else if (roll < 0.42 && free) {
    const holder = add(draft, random, random() < home.people ? whole() : pick(random, pets.slice(0, 4)));
    const human = figureInfo(draft.actors[holder]?.icon ?? '')?.lacks !== undefined;
    const dressed = human && random() < 0.35;
    give(draft, random, dressed ? 'wear' : 'hold', holder, dressed ? worn : human ? carried : fetched);
    if (random() < 0.35) add(draft, random, someone(), { kind: 'beside', to: holder });
  } else if (roll < 0.52 && free) {
    const chased = add(
      draft,
      random,
      random() < 0.4
        ? pick(
            random,
            fetched.filter(([icon]) => figureInfo(icon)),
          )
        : animal(),
    );
    add(draft, random, random() < 0.5 ? pick(random, pets.slice(0, 5)) : someone(), {
      kind: 'chase',
      to: chased,
    });
  } else if (roll < 0.6 && free) {
    if (home.indoor || random() < 0.5) {
      const seat = add(draft, random, pick(random, home.indoor ? seats.slice(0, 5) : seats.slice(2)));
      add(draft, random, random() < 0.6 ? pick(random, pets) : whole(), {
        kind: random() < 0.75 ? 'on' : 'under',
        to: seat,
      });
    } else {
      const mount = add(
        draft,
        random,
        pick(random, [
          ['horse', ['horse', 'brown horse']],
          ['horse', ['horse']],
          ['motorcycle', ['motorcycle', 'motorbike']],
          ['elephant', ['elephant']],
          ['camel', ['camel']],
          ['donkey', ['donkey']],
        ] as const),
      );
      add(draft, random, whole(), { kind: 'ride', to: mount });
    }
  } else if (roll < 0.68 && home.indoor) {
    const table = add(draft, random, ['prop-table', ['table']]);
    const count = 1 + Math.floor(random() * 2);
    for (let i = 0; i < count; i++)
      add(
        draft,
        random,
        pick(
          random,
          tableware.filter(([icon]) => figureInfo(icon)),
        ),
        { kind: 'on', to: table },
      );
    if (random() < 0.5) add(draft, random, someone(), { kind: 'beside', to: table });
  } else if (roll < 0.78 && home.afloat) {
    const boat = add(draft, random, pick(random, home.afloat));
    const icon = draft.actors[boat]?.icon ?? '';
    if (/sailboat|canoe|speedboat/.test(icon) && random() < 0.6)
      add(draft, random, random() < 0.3 ? pick(random, pets.slice(0, 3)) : whole(), { kind: 'in', to: boat });
    if (random() < 0.3 && place !== 'sea') add(draft, random, someone());
  } else if (roll < 0.78 && home.vehicles) {
    const vehicle = add(draft, random, pick(random, vehicles));
    if (random() < 0.6)
      add(draft, random, someone(), {
        kind: pick(random, ['front', 'beside', 'beside'] as const),
        to: vehicle,
      });
  } else if (roll < 0.86 && free && !home.indoor) {
    const thing = add(draft, random, pick(random, standing));
    add(draft, random, someone(), {
      kind: pick(random, ['front', 'beside', 'beside', 'behind', 'under'] as const),
      to: thing,
    });
    const last = draft.actors.at(-1);
    const big = figureInfo(draft.actors[thing]?.icon ?? '')?.habitat === 'far';
    if (last?.relation?.kind === 'under' && !/tree/.test(draft.actors[thing]?.icon ?? '')) {
      draft.actors[draft.actors.length - 1] = {
        ...last,
        relation: { kind: big ? 'front' : 'beside', to: thing },
      };
      draft.relations[draft.relations.length - 1] = {
        kind: big ? 'front' : 'beside',
        from: draft.actors.length - 1,
        to: thing,
      };
    }
  } else {
    const first = add(draft, random, someone());
    add(draft, random, someone(), { kind: 'beside', to: first });
    if (random() < 0.4) add(draft, random, someone());
    if (random() < 0.2) add(draft, random, someone());
  }
  if (free && !home.indoor && draft.actors.length < 5 && random() < 0.1) {
    add(
      draft,
      random,
      pick(random, [
        ['kite', ['kite']],
        ['prop-hot-air-balloon', ['hot air balloon']],
        ['airplane', ['airplane', 'plane']],
        ['rainbow', ['rainbow']],
        ['eagle', ['eagle', 'bird']],
      ] as const),
    );
  }
  return draft;
}

function weighted(random: Random): string {
  const entries = Object.entries(homes);
  let at = random() * entries.reduce((sum, [, home]) => sum + home.weight, 0);
  for (const [place, home] of entries) {
    at -= home.weight;
    if (at < 0) return place;
  }
  return 'meadow';
}

async function makeScene(seed: number, file: string, folder: string | null): Promise<string> {
  const random = mulberry32(seed);
  const place = weighted(random);
  const home = homes[place] ?? homes['meadow'];
  if (!home) throw new Error(`The world has no place "${place}".`);
  const draft = compose(place, home, random);
  const time = times[pick(random, timeChances)] ?? 'day';
  const weather =
    place === 'snow' && random() < 0.4 ? 'snow' : (weathers[pick(random, weatherChances)] ?? 'clear');
  const shot = random() < 0.2 ? 'wide' : random() < 0.45 ? 'close-up' : 'medium';
  const scene: Scene = {
    format: 1,
    seed,
    place,
    time,
    weather:
      weather === 'snow' &&
      (place === 'beach' || place === 'desert' || place === 'savanna' || place === 'jungle')
        ? 'clear'
        : weather,
    shot: shots.includes(shot) ? shot : 'medium',
    mood: moods[0],
    figures: layoutFigures(draft.actors, { seed, place, shot, aspect: 1 }),
    unknown: [],
    text: '',
  };
  if (folder !== null) {
    const svg = drawScene(scene, { width: side, height: side });
    await writeFile(
      join(folder, file),
      await sharp(Buffer.from(svg)).removeAlpha().png({ compressionLevel: 4 }).toBuffer(),
    );
  }
  const figures = scene.figures.map((figure, at) => {
    const rect = figureRect(figure, 1);
    const short = (value: number): number => Math.round(value * 1000) / 1000;
    return {
      name: draft.names[at] ?? figure.word,
      icon: figure.icon.replace(toneEnding, ''),
      x: short(rect.x),
      y: short(rect.y),
      w: short(rect.w),
      h: short(rect.h),
    };
  });
  const captions = describeScene(scene, { relations: draft.relations, names: draft.names, count: 3 });
  return JSON.stringify({ file, captions, figures, place, time: scene.time, weather: scene.weather });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      out: { type: 'string' },
      words: { type: 'boolean', default: false },
    },
  });
  const count = Number(values.count);
  const seed = Number(values.seed);
  if (!Number.isInteger(count) || count < 1 || !Number.isInteger(seed) || values.out === undefined) {
    process.stderr.write('usage: training:world --count N --seed S --out DIR [--words]\n');
    process.exitCode = 2;
    return;
  }
  await mkdir(values.out, { recursive: true });
  const out = createWriteStream(join(values.out, 'scenes.jsonl'));
  const started = Date.now();
  const batch = 8;
  for (let at = 0; at < count; at += batch) {
    const rows = await Promise.all(
      Array.from({ length: Math.min(batch, count - at) }, (_, i) =>
        makeScene(
          (seed * 0x9e3779b1 + (at + i) * 0x85ebca6b) >>> 0,
          `${String(at + i).padStart(6, '0')}.png`,
          values.words ? null : (values.out ?? '.'),
        ),
      ),
    );
    for (const row of rows) out.write(`${row}\n`);
    if ((at / batch) % 25 === 24) {
      const rate = (at + batch) / ((Date.now() - started) / 1000);
      process.stderr.write(`\r${at + batch} of ${count} scenes, ${rate.toFixed(0)} a second `);
    }
  }
  await new Promise<void>((resolve, reject) => {
    out.on('error', reject);
    out.end(resolve);
  });
  process.stderr.write(`\r${count} scenes in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

await main();
