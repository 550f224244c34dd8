import type { Figure, Scene } from '../../shared/scene.ts';
import { figureInfo } from './lexicon.ts';
import type { Relation } from './layout.ts';
import { placeNamed } from './places.ts';
import { hashText, mulberry32, pick, type Random } from './random.ts';

/** Scene in, English captions out: the words that the training world teaches with its pictures. */

/** A relation between two figures of a scene, by their position in its list. */
export interface SceneRelation {
  readonly kind: Relation;
  readonly from: number;
  readonly to: number;
}

export interface DescribeOptions {
  /** What the figures do to each other; without it they are listed side by side. */
  readonly relations?: readonly SceneRelation[];
  /** What to call a figure, by position, where not by its label: `puppy`. */
  readonly names?: Readonly<Record<number, string>>;
  /** How many captions to make, 1..8. */
  readonly count?: number;
}

const numbers = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

const irregular: Readonly<Record<string, string>> = {
  man: 'men',
  woman: 'women',
  child: 'children',
  person: 'people',
  mouse: 'mice',
  goose: 'geese',
  sheep: 'sheep',
  fish: 'fish',
  deer: 'deer',
  wolf: 'wolves',
  leaf: 'leaves',
  knife: 'knives',
  moose: 'moose',
  ox: 'oxen',
  bison: 'bison',
  'tropical fish': 'tropical fish',
  shrimp: 'shrimp',
  squid: 'squid',
  loaf: 'loaves',
  elf: 'elves',
  fireman: 'firemen',
  policeman: 'policemen',
  snowman: 'snowmen',
  headphones: 'headphones',
  books: 'books',
  glasses: 'glasses',
  sunglasses: 'sunglasses',
  goggles: 'goggles',
  fireworks: 'fireworks',
  scissors: 'scissors',
  bread: 'bread',
  food: 'food',
  jeans: 'jeans',
  corn: 'corn',
};

/** The plural of an English noun or noun phrase whose last word carries it. */
export function plural(noun: string): string {
  const known = irregular[noun];
  if (known !== undefined) return known;
  // `man on a bike`, `woman running`: the noun that counts comes before what is said of it.
  const head = /^(.+?)( (?:on|with|in|of|\w{3,}ing)\b.*)$/.exec(noun);
  if (head?.[1] !== undefined) return plural(head[1]) + (head[2] ?? '');
  const at = noun.lastIndexOf(' ');
  const last = noun.slice(at + 1);
  if (at >= 0) return `${noun.slice(0, at + 1)}${plural(last)}`;
  if (/(?:s|x|z|ch|sh)$/.test(last)) return `${last}es`;
  if (/[^aeiou]y$/.test(last)) return `${last.slice(0, -1)}ies`;
  if (/(?:potato|tomato|hero|mango|buffalo)$/.test(last)) return `${last}es`;
  if (last.endsWith('man') && last !== 'human') return `${last.slice(0, -3)}men`;
  return `${last}s`;
}

const massNouns = new Set([
  'fire',
  'bread',
  'food',
  'soup',
  'rice',
  'milk',
  'juice',
  'coffee',
  'tea',
  'wine',
  'honey',
  'money',
  'corn',
  'headphones',
  'books',
  'glasses',
  'sunglasses',
  'goggles',
  'fireworks',
  'scissors',
  'jeans',
  'lightning bolt',
  'cheese',
  'meat',
  'popcorn',
  'chocolate',
]);

/** A noun with its article: `an owl`, `bread`. */
export function withArticle(noun: string): string {
  if (massNouns.has(noun)) return noun;
  if (noun === 'sun' || noun === 'moon' || noun === 'earth') return `the ${noun}`;
  return /^(?:[aeio]|u(?!ni|se|kul))/.test(noun) ? `an ${noun}` : `a ${noun}`;
}

const timePhrase: Record<Scene['time'], readonly string[]> = {
  dawn: ['at dawn', 'at sunrise', 'in the early morning'],
  day: ['', '', '', 'during the day'],
  dusk: ['at sunset', 'at dusk', 'in the evening'],
  night: ['at night', 'at night', 'under the stars'],
};

const weatherPhrase: Record<Scene['weather'], readonly string[]> = {
  clear: ['', '', 'on a clear day'],
  cloudy: ['under a cloudy sky', 'on a cloudy day'],
  rain: ['in the rain', 'on a rainy day'],
  snow: ['in the snow', 'while it snows'],
  fog: ['in the fog', 'on a foggy day'],
  storm: ['in a storm', 'during a thunderstorm'],
  wind: ['in the wind', 'on a windy day'],
};

const placePhrases: Readonly<Record<string, readonly string[]>> = {
  forest: ['in the forest', 'in the woods', 'among the trees'],
  beach: ['on the beach', 'at the beach', 'by the sea'],
  sea: ['on the sea', 'on the water', 'in the ocean'],
  underwater: ['under the sea', 'underwater', 'in the deep water'],
  mountains: ['in the mountains', 'near snowy mountains'],
  city: ['in the city', 'in front of tall buildings'],
  street: ['on the street', 'on a city street', 'in front of shops'],
  meadow: ['in the meadow', 'in a field', 'on the grass', 'in a grassy field'],
  park: ['in the park', 'on the grass in a park'],
  snow: ['in the snow', 'on a snowy hill', 'in a snowy field'],
  'living-room': ['in the living room', 'in front of a couch'],
  road: ['on the road', 'beside the road'],
  river: ['by the river', 'next to a river'],
  lake: ['at the lake', 'by the water', 'near a lake'],
  stadium: ['in the stadium', 'on a sports field', 'in front of a crowd'],
  'throne-room': ['in the throne room', 'in a castle hall'],
  farm: ['on the farm', 'in front of a red barn'],
  playground: ['in the playground', 'near a slide and swings'],
};

const livePosture = ['', '', ' standing', ' sitting'];

const link: Partial<Record<Relation, readonly string[]>> = {
  hold: ['holding', 'with', 'carrying'],
  wear: ['wearing', 'with', 'in'],
  on: ['on', 'on top of'],
  ride: ['riding', 'on'],
  in: ['in', 'inside'],
  under: ['under', 'underneath'],
  above: ['above', 'over'],
  beside: ['next to', 'beside', 'and', 'with', 'near'],
  front: ['in front of', 'standing in front of'],
  behind: ['behind'],
  left: ['to the left of'],
  right: ['to the right of'],
  chase: ['chasing', 'running after', 'following'],
};

/** The kind a figure is counted with: same name, same doing. */
function nameOf(figure: Figure, at: number, names: DescribeOptions['names']): string {
  return names?.[at] ?? figureInfo(figure.icon)?.label ?? figure.word;
}

function joinList(parts: readonly string[]): string {
  if (parts.length < 2) return parts[0] ?? '';
  return `${parts.slice(0, -1).join(', ')} and ${parts.at(-1) ?? ''}`;
}

/**
 * Captions for a scene, in English, lower case, without a final stop; seeded by the scene, so that the same scene is
 * always described the same way.
 * @returns between one and `count` (3 when absent) captions, none twice.
 */
export function describeScene(scene: Scene, options: DescribeOptions = {}): string[] {
  const random = mulberry32(scene.seed ^ hashText(scene.place, 77));
  const wanted = Math.max(1, Math.min(8, options.count ?? 3));
  const found: string[] = [];
  for (let attempt = 0; attempt < wanted * 4 && found.length < wanted; attempt++) {
    const caption = describeOnce(scene, options, random, attempt);
    if (!found.includes(caption)) found.push(caption);
  }
  return found;
}

function describeOnce(scene: Scene, options: DescribeOptions, random: Random, attempt: number): string {
  const relations = options.relations ?? [];
  const told = new Set<number>();
  const groups = new Map<string, number[]>();
  for (const [at, figure] of scene.figures.entries()) {
    const name = nameOf(figure, at, options.names);
    const bound = relations.some((relation) => relation.from === at || relation.to === at);
    const key = bound ? `${name}#${at}` : name;
    groups.set(key, [...(groups.get(key) ?? []), at]);
  }
  const countOf = (at: number): [string, number] => {
    for (const [key, list] of groups) if (list.includes(at)) return [key.replace(/#\d+$/, ''), list.length];
    return ['', 1];
  };
  const phrase = (at: number): string => {
    const [name, count] = countOf(at);
    if (count === 1) return withArticle(name);
    const word =
      count > 3 && random() < 0.4
        ? pick(random, ['several', 'many', 'a group of'])
        : (numbers[count] ?? 'many');
    return `${word} ${plural(name)}`;
  };
  const clauses: string[] = [];
  for (const relation of relations) {
    if (told.has(relation.from)) continue;
    told.add(relation.from);
    let clause = phrase(relation.from);
    for (const own of relations.filter((other) => other.from === relation.from)) {
      clause += ` ${pick(random, link[own.kind] ?? ['near'])} ${phrase(own.to)}`;
      told.add(own.to);
    }
    clauses.push(clause);
  }
  for (const list of groups.values()) {
    const first = list[0];
    if (first === undefined || list.some((at) => told.has(at))) continue;
    const info = figureInfo(scene.figures[first]?.icon ?? '');
    const alive = info?.lacks !== undefined || info?.facing === 'L';
    const posture =
      clauses.length === 0 && alive && info?.habitat === 'ground' && random() < 0.3
        ? pick(random, livePosture)
        : '';
    clauses.push(phrase(first) + posture);
  }
  const place =
    scene.place === 'plain'
      ? ''
      : pick(random, placePhrases[scene.place] ?? [placeNamed(scene.place).phrase]);
  const outside =
    placeNamed(scene.place).indoor !== true &&
    scene.place !== 'space' &&
    scene.place !== 'moon' &&
    scene.place !== 'underwater';
  const time = outside || scene.time === 'night' ? pick(random, timePhrase[scene.time]) : '';
  const weather =
    outside && scene.time !== 'night'
      ? pick(random, weatherPhrase[scene.weather])
      : outside && scene.weather !== 'clear'
        ? (weatherPhrase[scene.weather][0] ?? '')
        : '';
  const subject = clauses.length === 0 ? '' : joinList(clauses);
  if (subject === '') {
    const bare = place.replace(/^(?:in|on|at|by|under|near) /, '');
    return [bare === '' ? 'an empty scene' : bare, time, weather].filter(Boolean).join(' ');
  }
  // Captions differ in how much they tell: now the place only, now the hour or the weather too.
  const tail =
    attempt % 3 === 0 ? [place] : attempt % 3 === 1 ? [place, time || weather] : [place, weather || time];
  const whole = [subject, ...new Set(tail)].filter(Boolean).join(' ');
  return random() < 0.12 && place !== '' && attempt > 0
    ? `${[place, time].filter(Boolean).join(' ')}, ${subject}`
    : whole;
}
