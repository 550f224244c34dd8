import { type Scene, SceneSchema } from '../../shared/scene.ts';
import type { CastMember } from '../../shared/story.ts';
import { layoutFigures, type Actor, type Relation } from './layout.ts';
import {
  figureInfo,
  hasTone,
  longestEntry,
  senses,
  unspaced,
  wordForms,
  type FigureInfo,
} from './lexicon.ts';
import { placeNamed } from './places.ts';
import { soundsLike } from './names.ts';
import { hashText } from './random.ts';
import { segmentWords, sentenceLanguage, sentences } from './words.ts';

/**
 * Text in, scene out. Reading is shallow on purpose: words are looked up by longest match, and a handful of rules join
 * them (a number counts the next figure, `on` joins the figure before with the figure after). It knows nothing of
 * grammar, so it works the same for a caption, a sentence of a story and a list of nouns.
 */

export interface ReadOptions {
  /** 32-bit unsigned; chosen from the text when absent. */
  readonly seed?: number;
  /** The story's characters: their names become their figures. */
  readonly cast?: readonly CastMember[];
  /** Texts of the panels before, oldest first: what pronouns may refer to. */
  readonly context?: readonly string[];
  /** Overrides the place the text names. */
  readonly place?: string;
  /** Overrides the shot the text asks for. */
  readonly shot?: Scene['shot'];
  /** Width divided by height of the picture; 16/9 when absent. */
  readonly aspect?: number;
}

/** A text this long is a chapter, not a panel; what comes after is not read. */
const longestText = 6000;
/** More figures than this would not be told apart. */
const mostFigures = 40;

type Item =
  | { kind: 'figure'; info: FigureInfo; word: string; plural: number; place?: string; inside?: string }
  | { kind: 'cast'; member: CastMember; word: string }
  | { kind: 'place'; place: string; word: string }
  | { kind: 'rel'; relation: Relation; soft: boolean; verb: boolean }
  | { kind: 'num'; count: number; definite: boolean; word: string }
  | { kind: 'group'; icons: string[]; word: string }
  | { kind: 'pronoun'; which: string; word: string }
  | { kind: 'pose'; pose: string }
  | { kind: 'hue'; hue: string }
  | { kind: 'size'; size: number }
  | { kind: 'gap' }
  | { kind: 'unknown'; word: string; name: boolean };

interface Setting {
  place?: string;
  /** Something happens in the sky: where it plays when no other place is named. */
  sky?: boolean;
  time?: Scene['time'];
  weather?: Scene['weather'];
  mood?: Scene['mood'];
  shot?: Scene['shot'];
}

interface Draft {
  actors: MutableActor[];
  setting: Setting;
  unknown: string[];
}

interface MutableActor {
  icon: string;
  word: string;
  info: FigureInfo;
  cast?: string;
  hue?: number;
  size?: number;
  relation?: { kind: Relation; to: number };
  aloft?: boolean;
  /** The word group it came with: `three dogs` are one mention. */
  mention: number;
}

const postpositional = new Set(['ja', 'ko', 'hi', 'zh', 'tr']);
const verbFinal = new Set(['ja', 'ko', 'hi', 'tr']);
/** Relations which keep two figures together as one. */
const mayJoin: ReadonlySet<Relation> = new Set(['hold', 'wear', 'on', 'ride', 'in', 'under', 'above']);
const verbRelations: ReadonlySet<Relation> = new Set(['hold', 'wear', 'ride', 'chase']);
const hueDegrees: Readonly<Record<string, number>> = {
  red: 4,
  orange: 28,
  yellow: 48,
  green: 130,
  blue: 212,
  purple: 272,
  pink: 330,
  brown: 22,
};
const toneOf: readonly (readonly [RegExp, string])[] = [
  [/\b(?:black|dark[- ]skinned|dark skin|very dark)\b/i, 'dark'],
  [/\b(?:brown[- ]skinned|brown skin|dark brown)\b/i, 'medium-dark'],
  [/\b(?:tan|tanned|olive)\b/i, 'medium'],
  [/\b(?:pale|fair|light[- ]skinned|blonde?|blond-haired|white)\b/i, 'light'],
];
const tones = ['light', 'medium-light', 'medium', 'medium-dark', 'dark'] as const;

/** What a second place in a text is shown as: `a village by the forest` has both. */
const placeFigures: Readonly<Record<string, string>> = {
  forest: 'evergreen-tree',
  mountains: 'mountain',
  village: 'house',
  bridge: 'prop-bridge',
  desert: 'cactus',
  farm: 'prop-barn',
  lake: 'prop-pool',
  city: 'office-building',
  jungle: 'palm-tree',
  garden: 'blossom',
  savanna: 'deciduous-tree',
  meadow: 'blossom',
  cave: 'hole',
};

/** Where a figure is at home when the text does not say. */
const homes: readonly (readonly [string, string])[] = [
  [
    'space',
    'rocket flying-saucer satellite alien ringed-planet comet astronaut man-astronaut woman-astronaut globe-showing-americas milky-way',
  ],
  [
    'underwater',
    'fish tropical-fish blowfish shark octopus squid jellyfish shrimp coral oyster prop-submarine dolphin lobster',
  ],
  [
    'sea',
    'whale spouting-whale ship ferry passenger-ship prop-pirate-ship sailboat speedboat motor-boat water-wave prop-lighthouse woman-merpeople man-merpeople',
  ],
  ['lake', 'duck swan canoe man-rowing-boat woman-rowing-boat beaver otter lotus frog'],
  ['snow', 'penguin polar-bear seal snowman-without-snow snowman skier snowboarder sled skis ice-skate'],
  ['desert', 'camel two-hump-camel cactus scorpion prop-pyramid'],
  ['savanna', 'lion elephant giraffe zebra rhinoceros hippopotamus leopard'],
  ['jungle', 'monkey gorilla orangutan tiger snake parrot sloth crocodile'],
  [
    'farm',
    'cow pig ewe ram goat chicken rooster baby-chick hatching-chick tractor farmer man-farmer woman-farmer prop-barn sheaf-of-rice donkey goose turkey ox water-buffalo',
  ],
  [
    'forest',
    'bear wolf deer fox owl hedgehog chipmunk raccoon badger boar moose mushroom skunk woman-fairy man-elf ogre troll',
  ],
  [
    'beach',
    'crab beach-with-umbrella umbrella-on-ground spiral-shell prop-sandcastle prop-surfboard man-surfing woman-surfing desert-island',
  ],
  ['sky', 'airplane small-airplane helicopter prop-hot-air-balloon parachute eagle'],
  [
    'road',
    'automobile sport-utility-vehicle delivery-truck articulated-lorry pickup-truck racing-car motorcycle man-biking woman-biking person-biking',
  ],
  [
    'street',
    'taxi police-car bus ambulance fire-engine vertical-traffic-light stop-sign postbox prop-street-lamp prop-hydrant motor-scooter convenience-store police-officer',
  ],
  [
    'city',
    'office-building hotel bank tokyo-tower statue-of-liberty prop-clock-tower department-store tram metro',
  ],
  ['kitchen', 'prop-stove prop-fridge cook man-cook woman-cook cooking pot-of-food'],
  ['living-room', 'couch-and-lamp prop-armchair television prop-fireplace prop-rug prop-lamp prop-piano'],
  ['bedroom', 'bed person-in-bed alarm-clock'],
  ['library', 'prop-bookshelf books'],
  ['classroom', 'teacher man-teacher woman-teacher prop-easel student prop-desk'],
  ['throne-room', 'person-with-crown prop-queen prop-throne prince princess'],
  ['stage', 'singer man-singer woman-singer microphone studio-microphone man-dancing woman-dancing'],
  ['cave', 'bat dragon prop-chest'],
  ['playground', 'playground-slide prop-swing prop-ramp skateboard'],
  ['stadium', 'man-playing-handball man-bouncing-ball goal-net'],
  ['garden', 'butterfly honeybee lady-beetle snail rose tulip sunflower blossom hibiscus bug worm bouquet'],
  ['meadow', 'horse unicorn rabbit kite prop-windmill deciduous-tree house prop-fence'],
];
const homeOf = new Map(
  homes.flatMap(([place, icons]) => icons.split(' ').map((icon) => [icon, place] as const)),
);

const timeValues = new Set<string>(['dawn', 'day', 'dusk', 'night']);

/**
 * Reads a text and lays its scene out.
 * @param text any length and language; only the first 6000 characters are read.
 * @returns a scene that the schema accepts. The same text and options give the same scene.
 */
export function readScene(text: string, options: ReadOptions = {}): Scene {
  const seed = (options.seed ?? hashText(text)) >>> 0;
  const aspect = options.aspect ?? 16 / 9;
  const cast = options.cast ?? [];
  const looks = castLooks(cast);
  const draft = understand(text.slice(0, longestText), cast, looks, options.context ?? [], seed);
  const { setting } = draft;
  dressUp(draft.actors);
  wearClothes(draft.actors);
  applyPoses(draft);
  const shot = options.shot ?? setting.shot ?? 'medium';
  const place = options.place ?? setting.place ?? (setting.sky ? 'sky' : homePlace(draft.actors, seed));
  const moon = draft.actors.some((actor) => /moon|^star$|glowing-star|shooting-star/.test(actor.icon));
  const actors: Actor[] = draft.actors
    .slice(0, mostFigures)
    .map(({ icon, word, cast: member, hue, size, aloft, relation }) => ({
      icon,
      word: word.slice(0, 200),
      ...(member === undefined ? {} : { cast: member }),
      ...(hue === undefined ? {} : { hue }),
      ...(size === undefined ? {} : { size }),
      ...(aloft === true ? { aloft } : {}),
      ...(relation === undefined || relation.to >= mostFigures ? {} : { relation }),
    }));
  return SceneSchema.parse({
    format: 1,
    seed,
    place,
    time: setting.time ?? (moon && place !== 'space' ? 'night' : 'day'),
    weather: setting.weather ?? 'clear',
    shot,
    mood: setting.mood ?? 'neutral',
    figures: layoutFigures(actors, { seed, place, shot, aspect }),
    unknown: draft.unknown.slice(0, 200).map((word) => word.slice(0, 200)),
    text: text.slice(0, 100_000),
  } satisfies Scene);
}

/** How a member of the cast is drawn. */
export interface Look {
  icon: string;
  /** Degrees; absent for the figure's own colours. */
  hue?: number;
  /** Times the natural size. */
  size?: number;
  /** Hats, glasses and scarves the look names. */
  worn: { icon: string; hue?: number; word: string }[];
}

/** The figure of every cast member by id, which depends on the cast alone, so that it is the same in every panel. */
export function castLooks(cast: readonly CastMember[]): Map<string, Look> {
  const looks = new Map<string, Look>();
  const taken = new Map<string, number>();
  for (const member of cast) {
    const language = sentenceLanguage(member.look);
    const items = scan(member.look, language, []);
    const figures = items.filter((item) => item.kind === 'figure');
    const creature = figures.find((item) => isCreature(item.info)) ?? figures[0];
    let icon =
      member.icon !== undefined && figureInfo(member.icon) ? member.icon : (creature?.info.icon ?? 'person');
    const info = figureInfo(icon);
    const worn = figures
      .filter((item) => item !== creature && wearables.has(item.info.icon))
      .map((item) => ({
        icon: item.info.icon,
        word: item.word,
        ...hueFor(item.info, hueBefore(items, item)),
      }));
    const base = member.icon ?? icon;
    const before = taken.get(base) ?? 0;
    taken.set(base, before + 1);
    if (info && isPerson(info) && !toneSuffix.test(icon)) {
      const tone =
        toneOf.find(([pattern]) => pattern.test(member.look))?.[1] ??
        tones[hashText(member.name) % tones.length];
      if (tone !== undefined && hasTone(icon, tone)) icon = `${icon}-${tone}`;
    }
    const own = creature ? hueBefore(items, creature) : undefined;
    const clothes = info && isPerson(info) ? items.find((item) => item.kind === 'hue')?.hue : undefined;
    const named = info ? hueFor(info, own ?? clothes) : {};
    const hue = member.hue ?? named.hue ?? (before > 0 ? ((before * 97 + 60) % 360) - 180 : undefined);
    const size = items.find((item) => item.kind === 'size')?.size;
    looks.set(member.id, {
      icon,
      worn,
      ...(hue === undefined ? {} : { hue }),
      ...(size === undefined ? {} : { size }),
    });
  }
  return looks;
}

const toneSuffix = /-(?:medium-light|medium-dark|light|medium|dark)$/;
/** What is worn on the head, before the eyes or round the neck. */
export const wearables: ReadonlySet<string> = new Set(
  'crown top-hat womans-hat billed-cap rescue-workers-helmet military-helmet graduation-cap glasses sunglasses goggles diving-mask scarf necktie ribbon sports-medal'.split(
    ' ',
  ),
);

/** The colour word just before an item, where there is one. */
function hueBefore(items: readonly Item[], item: Item): string | undefined {
  for (let at = items.indexOf(item) - 1; at >= 0; at--) {
    const before = items[at];
    if (before?.kind === 'hue') return before.hue;
    if (before?.kind !== 'size') return undefined;
  }
  return undefined;
}

/** The hue shift that gives a figure a colour. Greys cannot be dyed, and white and black cannot be reached. */
export function hueFor(info: FigureInfo, colour: string | undefined): { hue?: number } {
  const degrees = colour === undefined ? undefined : hueDegrees[colour];
  if (degrees === undefined) return {};
  const from = isPerson(info) && info.lacks === 'head' ? 4 : info.hue;
  if (from < 0) return {};
  return { hue: ((degrees - from + 540) % 360) - 180 };
}

/** A person, whole or in part. */
export const isPerson = (info: FigureInfo): boolean =>
  info.lacks === 'head' || info.lacks === 'bust' || /^(?:man|woman|person)-/.test(info.icon);

/** What lives, or is drawn as if it did. */
export const isCreature = (info: FigureInfo): boolean =>
  info.lacks !== undefined || isPerson(info) || creatures.has(info.icon);

const creatures = new Set(
  (
    'badger bison black-cat camel two-hump-camel cat baby-chick chipmunk rooster cow deer dodo dog donkey dragon duck ewe ram elephant flamingo giraffe goat goose gorilla ' +
    'guide-dog service-dog hedgehog hippopotamus horse horse-racing kangaroo leopard llama mammoth mouse rat ox pig poodle rabbit rhinoceros sauropod t-rex skunk snail tiger ' +
    'turkey turtle water-buffalo zebra beaver otter seal worm bug ant bird blackbird peacock parrot snake crocodile scorpion lizard penguin orangutan monkey owl mosquito cockroach ' +
    'lady-beetle spider crab cricket hatching-chick front-facing-baby-chick sloth lobster ghost snowman snowman-without-snow teddy-bear troll phoenix-bird eagle dove bat butterfly honeybee fly ' +
    'swan fish tropical-fish blowfish shark dolphin octopus squid jellyfish shrimp whale spouting-whale prop-statue'
  ).split(' '),
);

/** Looks words up by longest match. */
function scan(sentence: string, language: string, cast: readonly CastMember[]): Item[] {
  const plain = sentence.normalize('NFC');
  const glue = unspaced.has(language) ? '' : ' ';
  const reach = unspaced.has(language) ? 6 : longestEntry(language);
  const names = cast
    .flatMap((member) =>
      [member.name, ...(member.name.includes(' ') ? [member.name.split(' ')[0] ?? ''] : [])].map((name) => ({
        member,
        name: name.normalize('NFC').toLocaleLowerCase('en'),
      })),
    )
    .filter(({ name }) => name.length > 0);
  // The platform's segmenter does not know the names of the cast, so the text is cut at them first.
  const parts =
    unspaced.has(language) && names.length > 0
      ? plain.split(
          new RegExp(
            `([\\p{Script=Katakana}ー]{2,}|${names.map(({ name }) => escape(name)).join('|')})`,
            'iu',
          ),
        )
      : [plain];
  const isName = (part: string): boolean =>
    names.some(({ name }) => name === part.toLocaleLowerCase('en') || soundsLike(name, part));
  const pieces: string[] = [];
  for (const part of parts) {
    if (isName(part)) pieces.push(part);
    // What was cut for nothing is put together again.
    else if (pieces.length > 0 && !isName(pieces.at(-1) ?? '')) pieces[pieces.length - 1] += part;
    else pieces.push(part);
  }
  const tokens = pieces.flatMap((part) => (isName(part) ? [part] : segmentWords(part, language)));
  const lower = tokens.map((token) => token.toLocaleLowerCase('en'));
  const items: Item[] = [];
  for (let at = 0; at < tokens.length;) {
    let step = 0;
    for (let span = Math.min(reach, tokens.length - at); span > 0 && step === 0; span--) {
      const word = lower.slice(at, at + span).join(glue);
      const member = names.find(
        ({ name }) =>
          name === word || wordForms(word, language).includes(name) || (span === 1 && soundsLike(name, word)),
      )?.member;
      if (member) {
        items.push({ kind: 'cast', member, word: tokens.slice(at, at + span).join(glue) });
        step = span;
        break;
      }
      const found = meaning(word, language, tokens.slice(at, at + span).join(glue));
      if (found) {
        items.push(...found);
        step = span;
      }
    }
    if (step === 0) {
      const word = tokens[at] ?? '';
      const number = Number(word.replaceAll(/[٠-٩]/g, (digit) => String(digit.charCodeAt(0) - 0x660)));
      if (/^[\d٠-٩]+$/.test(word))
        items.push({ kind: 'num', count: Math.min(12, number), definite: false, word });
      else items.push({ kind: 'unknown', word, name: at > 0 && /^\p{Lu}/u.test(word) });
      step = 1;
    }
    at += step;
  }
  return items;
}

/** `She lit her lantern`: what is somebody's, and small, is in their hand. */
const possessive = /\b(?:his|her|their|my|our|your|su|sus|mi)\b/i;

/** English nouns that are verbs as often: `they watch`, `the sun rose`, `to fish`. */
const nounOrVerb = new Set(
  'watch ring swing bat cook fish saw drill bear duck crane rose plant drum ski skate hammer box train book ship rock dress coat wave waves guard judge brush bow note letter drink lock hook chain hand toast sign cap ram fire rings rocks watches plants swings drinks picture pictures play stick paint cross'.split(
    ' ',
  ),
);

function isVerb(before: Item | undefined, word: string, sentence: string): boolean {
  if (!nounOrVerb.has(word.toLowerCase())) return false;
  if (
    before?.kind === 'cast' ||
    before?.kind === 'figure' ||
    before?.kind === 'pronoun' ||
    before?.kind === 'group'
  )
    return true;
  return new RegExp(`\\b(?:to|can|will|would|could|must|and they|let's) ${escape(word)}\\b`, 'i').test(
    sentence,
  );
}

/** Who is on one of these sits astride it. */
const mounts = new Set(
  'horse donkey camel two-hump-camel unicorn motorcycle motor-scooter bicycle broom carousel-horse dragon elephant'.split(
    ' ',
  ),
);

/** Places one is on rather than in. */
const openGround = new Set(['moon', 'mountains', 'snow', 'sea', 'lake']);

const functional = /^(?:stop|rel|num|pronoun|time|weather|mood|shot|pose|skip)\b/;

/** What a word or phrase contributes, or undefined where it is not known. */
function meaning(word: string, language: string, surface: string): Item[] | undefined {
  for (const [nth, form] of wordForms(word, language).entries()) {
    const { figures, concepts } = senses(language, form);
    // A small word that also happens to name a figure (Spanish `sobre`: on, envelope) is the small word.
    const info = concepts.some((concept) => functional.test(concept)) ? undefined : figures[0];
    if (!info && concepts.length === 0) continue;
    const items: Item[] = [];
    let place: string | undefined;
    let inside: string | undefined;
    let plural = nth > 0 && isPlural(word, form, language) ? 3 : 1;
    if (language === 'ar' && nth > 0 && /(?:ان|ين|تان|تين)$/.test(word) && !/(?:ان|ين)$/.test(form))
      plural = 2;
    for (const concept of concepts) {
      const [kind = '', value = '', ...rest] = concept.split(' ');
      if (kind === 'place') place = value;
      else if (kind === 'inside') inside = value;
      else if (kind === 'plural') plural = 3;
      else if (kind === 'rel')
        items.push({
          kind: 'rel',
          relation: value as Relation,
          soft: softWords.has(form),
          verb: verbRelations.has(value as Relation),
        });
      else if (kind === 'num')
        items.push({ kind: 'num', count: Number(value), definite: definiteWords.has(form), word: surface });
      else if (kind === 'group') items.push({ kind: 'group', icons: rest, word: surface });
      else if (kind === 'pronoun') items.push({ kind: 'pronoun', which: value, word: form });
      else if (kind === 'pose') items.push({ kind: 'pose', pose: value });
      else if (kind === 'hue') items.push({ kind: 'hue', hue: value });
      else if (kind === 'size') items.push({ kind: 'size', size: value === 'small' ? 0.78 : 1.28 });
      else if (kind === 'time' || kind === 'weather' || kind === 'mood' || kind === 'shot')
        items.push({ kind: 'place', place: `${kind} ${value}`, word: surface });
    }
    if (info) {
      items.push({
        kind: 'figure',
        info,
        word: surface,
        plural,
        ...(place === undefined ? {} : { place }),
        ...(inside === undefined ? {} : { inside }),
      });
    } else if (place !== undefined) {
      items.push({ kind: 'place', place: `place ${place}`, word: surface });
    } else if (inside !== undefined) {
      items.push({ kind: 'place', place: `inside ${inside}`, word: surface });
    }
    if (items.length === 0) items.push({ kind: 'gap' });
    return items;
  }
  return undefined;
}

const softWords = new Set([
  'and',
  'y',
  'e',
  'dan',
  'と',
  'و',
  'et',
  'und',
  '和',
  '与',
  'na',
  'और',
  'with',
  'con',
  'dengan',
  'مع',
  'by',
  'near',
  'around',
  'over',
]);
const definiteWords = new Set([
  'this',
  'that',
  'his',
  'her',
  'its',
  'their',
  'my',
  'your',
  'our',
  'every',
  'each',
]);

function isPlural(word: string, form: string, language: string): boolean {
  if (language === 'en' || language === 'es' || language === 'pt' || language === 'fr') {
    return (
      /(?:s|x|men)$/.test(word) &&
      !/'s$/.test(word) &&
      word.replace(/(?:s|es|ies|ves|x)$/, '') !== word &&
      form !== word &&
      !form.endsWith('s')
    );
  }
  if (language === 'ms' || language === 'id') return word.includes('-');
  if (language === 'ar') return /(?:ات|ون)$/.test(word);
  if (language === 'ko') return word.includes('들');
  if (language === 'he') return /(?:ים|ות)$/.test(word);
  return false;
}

const determiners = new Set(
  'a an the this that these those his her its their my your our another some two three four five six seven eight nine ten many several few el la los las un una unos unas su sus mi le les une des der die das ein eine einen o os uma seekor seorang sebuah'.split(
    ' ',
  ),
);
/** Nouns that name nothing one can draw, and which often follow an article. */
const abstract = new Set(
  'time way day thing things story stories idea adventure adventures life world name moment photo photograph style view background foreground front side top bottom middle center centre edge end beginning part piece lot bit kind type sort series set pair group scene image shot sight dream dreams wish surprise plan game trip journey race party song sound noise voice word words question answer problem help hope love joy fear friendship smile laugh look turn step steps corner distance direction left right inside outside year years month week hour minute moments morning afternoon evening night summer winter spring autumn fall season weather air light lights shadow shadows colour color colors shade weight size shape form others other rest same next last first second third one ones morning heart action motion trick tricks jump way ways while case fact reason chance secret magic power mystery silence darkness dark illustration drawing sketch portrait painting art sky mid tug war lecture calculus rendering resolution contrast focus number letters text design look'.split(
    ' ',
  ),
);

/** Whether an unknown word is likely a thing: the head of a noun phrase, or a name. */
function namesThing(tokens: readonly Item[], at: number, language: string, sentence: string): boolean {
  const item = tokens[at];
  if (item?.kind !== 'unknown') return false;
  const word = item.word.toLowerCase();
  if (word.length < 2 || /^\d/.test(word) || abstract.has(word)) return false;
  const next = tokens[at + 1];
  if (language === 'ja')
    return (
      /^[\p{Script=Katakana}ー]{2,}$/u.test(item.word) ||
      (/^\p{Script=Han}{2,}$/u.test(item.word) &&
        new RegExp(`${escape(item.word)}(?:が|を|は|の|と)`, 'u').test(sentence))
    );
  if (language === 'zh') return false;
  if (language === 'ar') {
    const before = tokens[at - 1];
    return (
      /^(?:وال|بال|ال|لل)/.test(item.word) &&
      before?.kind !== 'figure' &&
      before?.kind !== 'unknown' &&
      before?.kind !== 'cast'
    );
  }
  if (language === 'en') {
    if (/(?:ly|ness|tion|sion|ment|ity|ism|ful|ous|less|able|ible|ish|est|ance|ence)$/.test(word))
      return false;
    if (item.name) return true;
    if (/(?:ing|ed)$/.test(word)) return false;
    // An adjective stands before another noun or adjective; the head of the phrase does not.
    if (
      next &&
      (next.kind === 'unknown' ||
        next.kind === 'figure' ||
        next.kind === 'hue' ||
        next.kind === 'size' ||
        next.kind === 'cast' ||
        (next.kind === 'place' && !/^(?:time|weather|mood)/.test(next.place)))
    ) {
      return false;
    }
    return followsDeterminer(sentence, word, 3);
  }
  if (language === 'de') return item.name;
  return followsDeterminer(sentence, word, 1) && !/(?:mente|ado|ido|ando|iendo)$/.test(word);
}

const escape = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

function followsDeterminer(sentence: string, word: string, within: number): boolean {
  const words = sentence.toLowerCase().match(/[\p{L}\p{M}\p{N}'-]+/gu) ?? [];
  for (const [at, other] of words.entries()) {
    if (other !== word) continue;
    for (let back = 1; back <= within; back++) if (determiners.has(words[at - back] ?? '')) return true;
  }
  return false;
}

function understand(
  text: string,
  cast: readonly CastMember[],
  looks: ReadonlyMap<string, Look>,
  context: readonly string[],
  seed: number,
): Draft {
  const draft: Draft = { actors: [], setting: {}, unknown: [] };
  const state: Reading = { draft, looks, seed, mentions: 0, remembered: undefined };
  let language = 'en';
  const fallback = (): string => language;
  for (const sentence of sentences(text)) {
    language = sentenceLanguage(sentence, fallback());
    const items = scan(sentence, language, cast);
    readSentence(items, language, sentence, state, () => remember(context, cast));
  }
  return draft;
}

interface Reading {
  readonly draft: Draft;
  readonly looks: ReadonlyMap<string, Look>;
  readonly seed: number;
  mentions: number;
  remembered: Memory[] | undefined;
}

interface Memory {
  readonly member?: CastMember;
  readonly info?: FigureInfo;
  readonly word: string;
}

/** Who was mentioned in the panels before, the latest first. */
function remember(context: readonly string[], cast: readonly CastMember[]): Memory[] {
  const found: Memory[] = [];
  for (const text of context.slice(-4).reverse()) {
    const here: Memory[] = [];
    let language = 'en';
    for (const sentence of sentences(text.slice(0, longestText))) {
      language = sentenceLanguage(sentence, language);
      for (const item of scan(sentence, language, cast)) {
        if (item.kind === 'cast') here.push({ member: item.member, word: item.word });
        else if (item.kind === 'figure' && isCreature(item.info))
          here.push({ info: item.info, word: item.word });
      }
    }
    // A cast member is likelier meant than a passing bird.
    found.push(
      ...here.filter((memory) => memory.member).reverse(),
      ...here.filter((memory) => !memory.member).reverse(),
    );
  }
  return found;
}

const female = /woman|girl|princess|queen|mrs|mother|fairy|witch/;
const male = /(?:^|-)(?:man|boy|prince|king)|santa|person-with-crown|knight|pirate/;

function readSentence(
  items: readonly Item[],
  language: string,
  sentence: string,
  state: Reading,
  memory: () => Memory[],
): void {
  const { draft } = state;
  const { actors, setting } = draft;
  const spoken: number[] = [];
  const post = postpositional.has(language);
  let count: number | undefined;
  let definite = false;
  let colour: string | undefined;
  let size: number | undefined;
  let pending: { kind: Relation; subject: number | undefined } | undefined;
  /** A relation whose anchor was named first, waiting for its subject: `under the tree a cat`. */
  let inverse: { kind: Relation; to: number } | undefined;
  let repeat: { kind: Relation; subject: number } | undefined;
  let preposition: 'in' | 'on' | undefined;

  /** Mentions joined by `and`, which do together what follows. */
  let allies = new Set<number>();
  const add = (icon: string, word: string, extra: Partial<MutableActor>, mention: number): number => {
    const info = figureInfo(icon);
    if (!info) return -1;
    actors.push({ icon, word, info, mention, ...extra });
    return actors.length - 1;
  };
  const live = (at: number | undefined): boolean =>
    at !== undefined && actors[at] !== undefined && isCreature(actors[at].info);
  const subjectFor = (kind: Relation): number | undefined => {
    if (spoken.length === 0) return undefined;
    let at = spoken.at(-1);
    if (verbRelations.has(kind)) {
      for (let back = spoken.length - 1; back >= 0; back--) {
        if (live(spoken[back])) return spoken[back];
      }
      return at;
    }
    // What is held goes where its holder goes.
    for (let hops = 0; hops < 4 && at !== undefined; hops++) {
      const relation: MutableActor['relation'] = actors[at]?.relation;
      if (relation?.kind !== 'hold' && relation?.kind !== 'wear') break;
      at = relation.to;
    }
    return at;
  };
  const joinTo = (kind: Relation, subject: number, object: number): void => {
    if (subject === object) return;
    const a = actors[subject];
    const b = actors[object];
    if (!a || !b) return;
    let how = kind;
    if (kind === 'hold' || kind === 'wear') {
      const holdable =
        wearables.has(b.icon) ||
        ['hand', 'table'].includes(b.info.habitat) ||
        (b.info.metres <= 0.75 && b.info.habitat !== 'sky' && b.info.habitat !== 'wall') ||
        b.icon === 'balloon' ||
        b.icon === 'kite';
      if (!holdable || !isCreature(a.info)) how = 'beside';
      else {
        if (!b.relation) b.relation = { kind: 'hold', to: subject };
        return;
      }
    }
    if (how === 'ride' && isCreature(b.info) && b.info.metres < 0.3 && a.info.metres > 0.5) how = 'beside';
    if (how === 'on' && b.info.habitat === 'sky' && b.icon !== 'cloud') how = 'beside';
    if (how === 'on' && b.info.habitat === 'wall') how = 'beside';
    if (how === 'on' && mounts.has(b.icon) && isCreature(a.info) && a.info.metres > b.info.metres * 0.4)
      how = 'ride';
    if (how === 'in' && (isCreature(b.info) || ['hand', 'wall', 'sky'].includes(b.info.habitat)))
      how = wearables.has(b.icon) || garments.has(b.icon) ? 'wear' : 'beside';
    if (how === 'wear') {
      b.relation ??= { kind: 'wear', to: subject };
      return;
    }
    if ((how === 'on' || how === 'in') && b.info.metres < a.info.metres * 0.2) how = 'beside';
    if ((how === 'in' || how === 'ride') && b.icon === 'sailboat') {
      // Behind a sail nobody could be seen.
      b.icon = 'prop-boat';
      b.info = figureInfo(b.icon) ?? b.info;
    }
    const target = actors.indexOf(b);
    if (a.relation && !mayJoin.has(how)) {
      // Whoever rides, and chases, is taken along by the mount.
      let mover: MutableActor | undefined = a;
      for (let hops = 0; hops < 4 && mover?.relation && mayJoin.has(mover.relation.kind); hops++)
        mover = actors[mover.relation.to];
      if (mover && !mover.relation && mover !== b && !reaches(actors, target, actors.indexOf(mover)))
        mover.relation = { kind: how, to: target };
      return;
    }
    // Everybody of one mention does the same: `three cats on a wall`.
    for (const [at, actor] of actors.entries()) {
      if (
        (actor.mention === a.mention || (allies.has(actor.mention) && allies.has(a.mention))) &&
        !actor.relation &&
        at !== target &&
        !reaches(actors, target, at)
      )
        actor.relation = { kind: how, to: target };
    }
  };
  const arrive = (at: number, soft: boolean): void => {
    if (at < 0) return;
    if (inverse) {
      const { kind, to } = inverse;
      inverse = undefined;
      joinTo(kind, at, to);
    } else if (pending) {
      const { kind, subject } = pending;
      pending = undefined;
      if (subject === undefined) {
        if (verbRelations.has(kind) && language === 'ar') pending = { kind, subject: at };
        else inverse = { kind, to: at };
      } else {
        joinTo(kind, subject, at);
        repeat = { kind, subject };
      }
    } else if (soft && repeat && verbRelations.has(repeat.kind)) {
      joinTo(repeat.kind, repeat.subject, at);
    }
    const mention = actors[at]?.mention ?? 0;
    const previous = actors[spoken.at(-1) ?? -1]?.mention;
    if (soft && previous !== undefined && live(at) && live(spoken.at(-1))) {
      allies.add(previous);
      allies.add(mention);
    } else if (!soft && !verbFinal.has(language)) allies = new Set();
    spoken.push(at);
  };
  let afterAnd = false;

  for (const [nth, item] of items.entries()) {
    switch (item.kind) {
      case 'num':
        count = item.count === 1 && count !== undefined && count > 1 ? count : item.count;
        definite = item.definite;
        // In Japanese and Korean the number may follow: `cats, three`; `three の cats` counts what comes.
        if (
          verbFinal.has(language) &&
          item.count > 1 &&
          spoken.length > 0 &&
          !sentence.includes(`${item.word}の`)
        ) {
          const of = actors[spoken.at(-1) ?? 0];
          for (let more = 1; of && more < item.count && actors.length < mostFigures; more++) {
            add(of.icon, of.word, { ...(of.hue === undefined ? {} : { hue: of.hue }) }, of.mention);
          }
          count = undefined;
        }
        break;
      case 'hue':
        colour = item.hue;
        break;
      case 'size':
        size = item.size;
        break;
      case 'pose': {
        const of = subjectFor('hold');
        const actor = of === undefined ? undefined : actors[of];
        if (actor && item.pose === 'flying') {
          for (const other of actors) if (other.mention === actor.mention) other.aloft = true;
        } else if (actor) poses.set(actor, item.pose);
        break;
      }
      case 'rel': {
        afterAnd = item.soft;
        preposition = item.relation === 'in' || item.relation === 'on' ? item.relation : undefined;
        if (item.soft && item.relation === 'beside' && /* a list */ spoken.length > 0 && repeat) break;
        if (item.soft && item.relation === 'beside') {
          break;
        }
        if (post && !(language === 'zh' && item.verb)) {
          const anchor = spoken.at(-1);
          const before = spoken.at(-2);
          if (anchor === undefined) break;
          if (item.verb) {
            const subject = live(before) || !live(anchor) ? before : undefined;
            if (subject !== undefined) joinTo(item.relation, subject, anchor);
          } else if (before !== undefined && !actors[before]?.relation) joinTo(item.relation, before, anchor);
          else inverse = { kind: item.relation, to: anchor };
          break;
        }
        // `riding on` is riding; `sitting in front of` is in front of.
        if (
          pending &&
          verbRelations.has(pending.kind) &&
          (item.relation === 'on' || item.relation === 'in') &&
          pending.kind === 'ride'
        )
          break;
        pending = { kind: item.relation, subject: subjectFor(item.relation) };
        break;
      }
      case 'place': {
        const [what = '', value = ''] = item.place.split(' ');
        // `In the morning`, `on a rainy day`: the preposition has found what it was for.
        if ((what === 'time' || what === 'weather') && (pending?.kind === 'in' || pending?.kind === 'on'))
          pending = undefined;
        if (what === 'time' && timeValues.has(value)) setting.time ??= value as Scene['time'];
        else if (what === 'weather') setting.weather ??= value as Scene['weather'];
        else if (what === 'mood') setting.mood ??= value as Scene['mood'];
        else if (what === 'shot') setting.shot ??= value as Scene['shot'];
        else if (value === 'sky') {
          // The moon in the sky does not make a picture of the sky.
          const last = actors[spoken.at(-1) ?? -1];
          if (last?.info.habitat !== 'sky' || last.info.facing !== 'N') {
            if (preposition !== undefined || post || item.word.includes(' ') || spoken.length === 0)
              setting.sky = true;
            if (last && preposition !== undefined) last.aloft = true;
          }
          pending = undefined;
        } else if (what === 'place' || preposition !== undefined) {
          const subject =
            pending?.kind === 'above' && pending.subject !== undefined ? actors[pending.subject] : undefined;
          if (subject) for (const other of actors) if (other.mention === subject.mention) other.aloft = true;
          if (setting.place === undefined || setting.place === value) setting.place = value;
          else {
            const figure = placeFigures[value];
            if (figure !== undefined && !actors.some((actor) => actor.icon === figure))
              add(figure, item.word, {}, ++state.mentions);
          }
          pending = undefined;
          inverse = undefined;
        }
        if (what === 'place') {
          count = undefined;
          preposition = undefined;
        }
        break;
      }
      case 'unknown':
        if (namesThing(items, nth, language, sentence)) {
          if (!draft.unknown.includes(item.word)) draft.unknown.push(item.word);
          // The thing a relation led to is not known, so the relation leads nowhere.
          pending = undefined;
          count = undefined;
          colour = undefined;
        }
        break;
      case 'pronoun': {
        const known = spoken.length > 0 || actors.some((actor) => isCreature(actor.info));
        if (known) {
          // It refers to somebody already here; what follows is about them.
          if (spoken.length === 0) {
            const fits = (actor: MutableActor): boolean =>
              item.which !== 'one'
                ? true
                : /^(?:she|ella|彼女|هي|elle|sie|ela)$/.test(item.word)
                  ? !male.test(actor.icon)
                  : /^(?:he|él|彼|هو|il|er|ele)$/.test(item.word)
                    ? !female.test(actor.icon)
                    : true;
            for (let back = actors.length - 1; back >= 0; back--) {
              const actor = actors[back];
              if (actor && isCreature(actor.info) && fits(actor)) {
                spoken.push(back);
                break;
              }
            }
          }
          break;
        }
        state.remembered ??= memory();
        const wanted = item.which === 'many' ? 2 : 1;
        const chosen: Memory[] = [];
        for (const candidate of state.remembered) {
          const icon = candidate.member
            ? (state.looks.get(candidate.member.id)?.icon ?? '')
            : (candidate.info?.icon ?? '');
          if (/^(?:she|ella|彼女|هي)$/.test(item.word) && male.test(icon)) continue;
          if (/^(?:he|él|彼|هو)$/.test(item.word) && female.test(icon)) continue;
          if (chosen.some((other) => other.member === candidate.member && other.info === candidate.info))
            continue;
          chosen.push(candidate);
          if (chosen.length === wanted) break;
        }
        for (const who of chosen) {
          const mention = ++state.mentions;
          arrive(
            who.member
              ? addMember(who.member, who.word, state, add)
              : who.info
                ? add(who.info.icon, who.word, {}, mention)
                : -1,
            false,
          );
        }
        break;
      }
      case 'cast': {
        const known = actors.findIndex((actor) => actor.cast === item.member.id);
        const at = known >= 0 ? known : addMember(item.member, item.word, state, add);
        arrive(at, afterAnd);
        count = colour = size = undefined;
        break;
      }
      case 'group': {
        const mention = ++state.mentions;
        const icons = item.icons.filter((icon) => figureInfo(icon));
        let first = -1;
        for (const icon of icons) {
          const at = add(toned(icon, item.word + icon, state.seed), item.word, {}, mention);
          if (first < 0) first = at;
        }
        arrive(first, afterAnd);
        count = undefined;
        break;
      }
      case 'figure': {
        const next = items[nth + 1];
        // `dog house`: in English the last noun of a compound names the thing.
        const compound =
          language === 'en' &&
          next?.kind === 'figure' &&
          item.plural === 1 &&
          !isCreature(item.info) &&
          sentence.toLowerCase().includes(`${item.word.toLowerCase()} ${next.word.toLowerCase()}`);
        if (compound || (language === 'en' && isVerb(items[nth - 1], item.word, sentence))) break;
        if (
          item.inside !== undefined &&
          (preposition === 'in' || (preposition === 'on' && openGround.has(item.inside)))
        ) {
          setting.place ??= item.inside;
          pending = undefined;
          preposition = undefined;
          count = undefined;
          if (setting.place === item.inside) break;
        }
        if (
          item.place !== undefined &&
          setting.place === undefined &&
          (preposition !== undefined || count === undefined)
        ) {
          setting.place = item.place;
          pending = undefined;
          break;
        }
        if (
          item.info.icon === 'prop-wall' &&
          preposition === 'on' &&
          actors[spoken.at(-1) ?? -1]?.info.habitat === 'wall'
        ) {
          // The wall a picture hangs on is the room's.
          pending = undefined;
          preposition = undefined;
          count = undefined;
          break;
        }
        preposition = undefined;
        const wanted = count ?? (item.plural > 1 ? item.plural : 1);
        const many = Math.min(12, item.plural > 1 && wanted === 1 && (definite || count === 1) ? 3 : wanted);
        // `Tomo, her black cat`: the figure a cast member has is that member, when it is one.
        const member =
          many === 1 ? actors.findIndex((actor) => actor.cast !== undefined && actor.info === item.info) : -1;
        if (member >= 0) {
          count = colour = size = undefined;
          arrive(member, afterAnd);
          break;
        }
        const same = actors.findIndex((actor) => actor.info === item.info && actor.cast === undefined);
        const again =
          same >= 0 &&
          (count === undefined || definite || (count === 1 && !spoken.includes(same))) &&
          !(item.plural > 1 && actors.filter((actor) => actor.info === item.info).length === 1);
        if (many === 0) {
          count = undefined;
          break;
        }
        const shift = hueFor(item.info, colour);
        const extra = { ...shift, ...(size === undefined ? {} : { size }) };
        const owner = subjectFor('hold');
        if (
          definite &&
          !pending &&
          !inverse &&
          live(owner) &&
          ['hand', 'table'].includes(item.info.habitat) &&
          possessive.test(sentence)
        ) {
          pending = { kind: 'hold', subject: owner };
        }
        count = colour = size = undefined;
        definite = false;
        if (again) {
          arrive(same, afterAnd);
          afterAnd = false;
          break;
        }
        const mention = ++state.mentions;
        let first = -1;
        for (let nthOf = 0; nthOf < many && actors.length < mostFigures; nthOf++) {
          const at = add(
            toned(item.info.icon, `${item.word}${nthOf}`, state.seed),
            item.word,
            extra,
            mention,
          );
          if (first < 0) first = at;
        }
        arrive(first, afterAnd);
        afterAnd = false;
        break;
      }
      case 'gap':
    }
    if (
      item.kind !== 'rel' &&
      item.kind !== 'num' &&
      item.kind !== 'gap' &&
      item.kind !== 'hue' &&
      item.kind !== 'size' &&
      item.kind !== 'unknown' &&
      item.kind !== 'pose' &&
      !(item.kind === 'place' && !/^(?:place|inside)/.test(item.place))
    ) {
      preposition = undefined;
      afterAnd = false;
    }
  }
}

/** Hats, glasses and scarves that nothing was said of are worn by whoever was named before them. */
function dressUp(actors: readonly MutableActor[]): void {
  for (const [at, actor] of actors.entries()) {
    if (actor.relation || !wearables.has(actor.icon)) continue;
    for (let back = at - 1; back >= 0; back--) {
      const other = actors[back];
      if (!other || !isCreature(other.info) || other.relation?.to === at) continue;
      actor.relation = { kind: 'wear', to: back };
      break;
    }
  }
}

/** Whether following relations from one actor leads to another, which must not happen twice round. */
function reaches(actors: readonly MutableActor[], from: number, to: number): boolean {
  let at: number | undefined = from;
  for (let hops = 0; hops <= actors.length && at !== undefined; hops++) {
    if (at === to) return true;
    at = actors[at]?.relation?.to;
  }
  return false;
}

/** People nobody described have any of the skin tones; which one depends on the word, so that it stays in a text. */
export function toned(icon: string, key: string, seed: number): string {
  const info = figureInfo(icon);
  if (!info || !isPerson(info) || toneSuffix.test(icon)) return icon;
  const tone = tones[hashText(key, seed) % tones.length] ?? 'medium';
  return hasTone(icon, tone) ? `${icon}-${tone}` : icon;
}

function addMember(
  member: CastMember,
  word: string,
  state: Reading,
  add: (icon: string, word: string, extra: Partial<MutableActor>, mention: number) => number,
): number {
  const look = state.looks.get(member.id);
  const at = add(
    look?.icon ?? 'person',
    word,
    {
      cast: member.id,
      ...(look?.hue === undefined ? {} : { hue: look.hue }),
      ...(look?.size === undefined ? {} : { size: look.size }),
    },
    ++state.mentions,
  );
  for (const item of look?.worn ?? []) {
    add(
      item.icon,
      item.word,
      { relation: { kind: 'wear', to: at }, ...(item.hue === undefined ? {} : { hue: item.hue }) },
      ++state.mentions,
    );
  }
  return at;
}

const poses = new WeakMap<MutableActor, string>();
const garments = new Set(
  'dress t-shirt coat jeans shorts kimono sari running-shirt lab-coat womans-clothes'.split(' '),
);

/** Clothes on a person are drawn as the colour of what the painter dresses them in, not as a second thing beside them. */
function wearClothes(actors: MutableActor[]): void {
  for (let at = actors.length - 1; at >= 0; at--) {
    const cloth = actors[at];
    const wearer = cloth?.relation && actors[cloth.relation.to];
    if (
      !cloth ||
      !wearer ||
      !garments.has(cloth.icon) ||
      !['wear', 'hold'].includes(cloth.relation?.kind ?? '')
    )
      continue;
    if (wearer.info.lacks !== 'head' || !isPerson(wearer.info)) continue;
    if (cloth.hue !== undefined && wearer.cast === undefined)
      wearer.hue = ((cloth.hue + cloth.info.hue - 4 + 540) % 360) - 180;
    wearer.word = `${wearer.word} ${cloth.word}`;
    remove(actors, at);
  }
}

function remove(actors: MutableActor[], gone: number): void {
  actors.splice(gone, 1);
  for (const other of actors) {
    if (!other.relation || other.relation.to < gone) continue;
    if (other.relation.to === gone) delete other.relation;
    else other.relation = { ...other.relation, to: other.relation.to - 1 };
  }
}

const posed: Readonly<Record<string, string>> = {
  man: 'man',
  woman: 'woman',
  person: 'person',
  'man-beard': 'man',
};

/** People who run, swim or cycle, and birds that fly, are drawn so, where the set has the figure; cast members keep their own. */
function applyPoses({ actors, setting }: Draft): void {
  for (const [at, actor] of actors.entries()) {
    if (actor.aloft === true && actor.icon === 'bird' && actor.cast === undefined) {
      actor.icon = 'prop-flying-bird';
      actor.info = figureInfo(actor.icon) ?? actor.info;
    }
    const who = posed[actor.info.icon];
    if (who === undefined || actor.cast !== undefined) continue;
    const tone = toneSuffix.exec(actor.icon)?.[0] ?? '';
    const become = (name: string): boolean => {
      const icon = `${who}-${name}`;
      const info = figureInfo(icon);
      if (!info) return false;
      actor.icon = tone !== '' && hasTone(icon, tone.slice(1)) ? icon + tone : icon;
      actor.info = info;
      return true;
    };
    const mount = actor.relation?.kind === 'ride' ? actors[actor.relation.to] : undefined;
    if (
      mount?.icon === 'bicycle' &&
      actors.filter((other) => other.relation?.to === actor.relation?.to).length === 1
    ) {
      // One figure shows both; the bicycle's own is given up.
      const gone = actor.relation?.to ?? -1;
      if (become('biking')) {
        delete actor.relation;
        actor.word = `${actor.word} ${mount.word}`;
        remove(actors, gone);
        applyPoses({ actors, setting, unknown: [] });
        return;
      }
    }
    const pose = poses.get(actor);
    const busy = actor.relation !== undefined || actors.some((other) => other.relation?.to === at);
    if (pose !== undefined && (!busy || actor.relation?.kind === 'chase')) become(pose);
  }
}

/** Where the scene plays when the text does not say. */
function homePlace(actors: readonly MutableActor[], seed: number): string {
  const outdoors = actors.some(({ info }) => info.habitat === 'far');
  for (const actor of actors) {
    const place = homeOf.get(actor.info.icon);
    if (place !== undefined && !(outdoors && placeNamed(place).indoor) && !(outdoors && place === 'cave'))
      return place;
  }
  const alive = actors.some((actor) => isCreature(actor.info));
  if (
    !alive &&
    actors.length > 0 &&
    actors.every(({ info }) => ['hand', 'table', 'wall', 'ground'].includes(info.habitat))
  ) {
    const furniture = actors.some(({ icon }) =>
      /^prop-(?:table|desk|armchair|bookshelf|chest)|^chair$/.test(icon),
    );
    return furniture ? 'living-room' : 'plain';
  }
  if (actors.some((actor) => isPerson(actor.info)))
    return ['park', 'meadow', 'street', 'village'][hashText('home', seed) % 4] ?? 'park';
  return 'meadow';
}
