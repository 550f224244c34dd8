import { times, weathers, moods, shots, type Scene } from '../../shared/scene.ts';
import { changeLanguages, changePhrases, type Sign } from './change-words.ts';
import { figureInfo, longestEntry, senses, unspaced, wordForms, type FigureInfo } from './lexicon.ts';
import { segmentWords, sentenceLanguage } from './words.ts';

/**
 * What somebody wants changed in a picture, read from words: `the same at night`, `with a dog instead of the cat`, `sin
 * el árbol`, `左に船を追加して`. Reading knows nothing of the picture; whether there is a cat, and how many dogs there are
 * already, is seen when the wishes are carried out ({@link file://./change-scene.ts}).
 */

/** One field of a scene's setting. */
export type Setting = Partial<Pick<Scene, 'time' | 'weather' | 'place' | 'mood' | 'shot'>>;

/** A thing as the change names it. */
export interface Thing {
  /** As written. */
  readonly word: string;
  /** The figure the word stands for; undefined where no figure is known. */
  readonly info: FigureInfo | undefined;
  /** Every person, or every animal, is meant. */
  readonly any?: 'person' | 'animal';
  /** How many, where a number is given; an article is no number. */
  readonly count?: number;
  /** `a dog`: one is spoken of that need not be there. */
  readonly article: boolean;
  readonly plural: boolean;
  /** `two more`, `another`; `fewer`; `only two`. */
  readonly amount?: 'more' | 'fewer' | 'only';
  /** A colour's name: `red`. */
  readonly hue?: string;
  /** Times the size it has, or would have. */
  readonly scale?: number;
  /** The size or colour was said of it as of a thing that is there: `make the house bigger`. */
  readonly compared?: boolean;
  /** Of the second picture. */
  readonly second: boolean;
  /** What the word may mean besides: `snow` is a weather, and `castle` a place to be in. */
  readonly setting?: Setting;
  /** Where, among several of its kind: `the left dog`. */
  readonly side?: 'left' | 'right';
}

export type Zone = 'left' | 'right' | 'middle' | 'air' | 'near' | 'far';
export const anchors = [
  'left',
  'right',
  'front',
  'behind',
  'beside',
  'on',
  'under',
  'above',
  'in',
  'hold',
  'wear',
  'ride',
] as const;
export type Anchor = (typeof anchors)[number];

/** Where a thing is to be: a part of the picture, or how it stands to another thing. */
export type Where = { readonly zone: Zone } | { readonly anchor: Anchor; readonly to: Thing };

/** One thing wanted. */
export type Wish =
  | { readonly do: 'set'; readonly setting: Setting; readonly instead?: Setting }
  /** `without rain`. */
  | { readonly do: 'unset'; readonly setting: Setting; readonly thing?: Thing }
  | { readonly do: 'add'; readonly thing: Thing; readonly where?: Where }
  | { readonly do: 'remove'; readonly thing: Thing }
  | { readonly do: 'replace'; readonly from: Thing; readonly to: Thing }
  /** Named without saying what for: `three birds`, `a bigger house`, `a red car`, `a boat on the left`. */
  | { readonly do: 'name'; readonly thing: Thing; readonly where?: Where }
  | { readonly do: 'move'; readonly thing: Thing; readonly where?: Where }
  | { readonly do: 'flip'; readonly thing: Thing }
  /** The place, hour and weather of the second picture. */
  | { readonly do: 'backdrop' };

export interface Change {
  readonly wishes: readonly Wish[];
  /** Words that were not understood and may matter. */
  readonly unread: readonly string[];
  /** As a BCP 47 primary subtag. */
  readonly language: string;
}

/** A change is a phrase or two; what comes after is not read. */
const longestText = 1000;

type Token =
  | { kind: 'sign'; signs: readonly Sign[]; text: string }
  | {
      kind: 'word';
      figures: readonly FigureInfo[];
      concepts: readonly string[];
      text: string;
      plural: boolean;
      two: boolean;
    }
  | { kind: 'any'; any: 'person' | 'animal'; text: string; plural: boolean }
  | { kind: 'number'; count: number; text: string }
  | { kind: 'unknown'; text: string }
  | { kind: 'break' };

const anyWords: Readonly<Record<string, readonly ['person' | 'animal', plural: boolean]>> =
  Object.fromEntries(
    (
      [
        ['animal', false, 'animal|haiwan|binatang|動物|حيوان|الحيوان'],
        ['animal', true, 'animals|animales|haiwan-haiwan|動物たち|حيوانات|الحيوانات'],
        ['person', true, 'everybody|everyone|humans|todos|personas|gente|人々|الناس|أشخاص|orang-orang'],
      ] as const
    ).flatMap(([any, plural, words]) => words.split('|').map((word) => [word, [any, plural] as const])),
  );

/** Reads what is wanted. A text that asks for nothing gives no wishes. */
export function readChange(text: string): Change {
  const plain = text.normalize('NFC').slice(0, longestText);
  const language = changeLanguage(plain);
  const tokens = scan(plain, language);
  const { wishes, unread } = language === 'ja' ? readAfter(tokens) : readBefore(tokens, language);
  return { wishes, unread, language };
}

/** The language in which most of the words are known; short texts have few telling ones. */
function changeLanguage(text: string): string {
  const guess = sentenceLanguage(text);
  if (!/^(?:en|es|ms|fr|de|pt|it|nl|sw|tr)$/.test(guess)) return guess === 'zh' ? 'ja' : guess;
  const score = (language: string): number => {
    let sum = 0;
    for (const token of scan(text, language)) {
      if (token.kind === 'unknown') sum -= 2;
      else if (token.kind === 'sign') sum += 1;
      else if (token.kind === 'word') sum += 0.9;
    }
    return sum + (language === guess ? 0.5 : 0);
  };
  const candidates = [...new Set([...changeLanguages.filter((one) => /^[a-z]{2}$/.test(one)), guess])].filter(
    (one) => one !== 'ja' && one !== 'ar',
  );
  return candidates
    .map((language) => ({ language, score: score(language) }))
    .reduce((best, one) => (one.score > best.score ? one : best)).language;
}

// Words

/** Cuts a text into what its words do, by longest match: the words of changes first, then the lexicon's. */
function scan(text: string, language: string): Token[] {
  const out: Token[] = [];
  for (const [nth, part] of text.split(/[,;:.!?、。，；：！？،؛؟\n\r\t"“”«»()]+/u).entries()) {
    if (nth > 0 && out.length > 0 && out.at(-1)?.kind !== 'break') out.push({ kind: 'break' });
    out.push(...scanPart(part, language));
  }
  if (out.at(-1)?.kind === 'break') out.pop();
  return out;
}

function scanPart(part: string, language: string): Token[] {
  const joined = unspaced.has(language);
  const source = joined ? part : part.replaceAll('’', "'");
  const words: { text: string; at: number }[] = [];
  let from = 0;
  for (const text of segmentWords(source, language)) {
    const at = source.indexOf(text, from);
    if (at < 0) continue;
    words.push({ text, at });
    from = at + text.length;
  }
  const lower = source.toLowerCase();
  const glue = joined ? '' : ' ';
  const reach = joined ? 6 : Math.max(5, longestEntry(language));
  const out: Token[] = [];
  for (let at = 0; at < words.length;) {
    const start = words[at]!.at;
    const sign = signAt(lower, start, language, joined);
    const found = wordAt(words, at, language, glue, reach);
    if (sign !== undefined && (found === undefined || sign.text.length >= found.length)) {
      out.push({ kind: 'sign', signs: sign.signs, text: sign.text });
      const end = start + sign.text.length;
      while (at < words.length && words[at]!.at < end) at++;
      continue;
    }
    if (found !== undefined) {
      out.push(...found.tokens);
      at += found.words;
      continue;
    }
    const { text } = words[at]!;
    out.push(...unknownWord(text, language));
    at++;
  }
  return out;
}

function signAt(
  text: string,
  at: number,
  language: string,
  joined: boolean,
): { text: string; signs: readonly Sign[] } | undefined {
  return changePhrases(language).find(
    (phrase) =>
      text.startsWith(phrase.text, at) &&
      (joined || !/[\p{L}\p{M}\p{N}'-]/u.test(text.charAt(at + phrase.text.length))),
  );
}

function wordAt(
  words: readonly { text: string; at: number }[],
  at: number,
  language: string,
  glue: string,
  reach: number,
): { tokens: Token[]; words: number; length: number } | undefined {
  for (let span = Math.min(reach, words.length - at); span > 0; span--) {
    const surface = words
      .slice(at, at + span)
      .map(({ text }) => text)
      .join(glue);
    const word = surface.toLowerCase();
    const any = Object.hasOwn(anyWords, word) ? anyWords[word] : undefined;
    if (any) {
      return {
        tokens: [{ kind: 'any', any: any[0], text: surface, plural: any[1] }],
        words: span,
        length: word.length,
      };
    }
    const found = known(word, language, surface);
    if (found) return { tokens: found, words: span, length: word.length };
  }
  return undefined;
}

function known(word: string, language: string, surface: string): Token[] | undefined {
  const digits = word.replaceAll(/[٠-٩]/g, (digit) => String(digit.charCodeAt(0) - 0x660));
  if (/^\d{1,3}$/.test(digits)) return [{ kind: 'number', count: Number(digits), text: surface }];
  if (language === 'ja' && /^[一二三四五六七八九十]$/.test(word))
    return [{ kind: 'number', count: '一二三四五六七八九十'.indexOf(word) + 1, text: surface }];
  const forms = wordForms(word, language);
  for (const [nth, form] of forms.entries()) {
    const { figures: named, concepts } = senses(language, form);
    if (named.length === 0 && concepts.length === 0) continue;
    // `mountains` are a place, and several of what `mountain` names.
    const other = named.length > 0 || !concepts.every((one) => /^(?:place|inside|time) /.test(one));
    const figures = other
      ? named
      : (forms
          .slice(nth + 1)
          .map((one) => senses(language, one).figures)
          .find((list) => list.length > 0) ?? []);
    const token: Token = {
      kind: 'word',
      figures,
      concepts,
      text: surface,
      plural:
        (figures !== named && endsPlural(word, word.replace(/s$/, ''), language)) ||
        (nth > 0 && endsPlural(word, form, language)) ||
        concepts.some((one) => one.startsWith('plural')),
      two: language === 'ar' && nth > 0 && /(?:ان|ين)$/.test(word) && !/(?:ان|ين)$/.test(form),
    };
    // Arabic writes `and`, and `by`, as the first letter of what they join.
    const prefix = language === 'ar' && nth > 0 && !form.startsWith(word.charAt(0)) ? word.charAt(0) : '';
    if (prefix === 'و' || prefix === 'ف') return [{ kind: 'sign', signs: ['and'], text: prefix }, token];
    if (prefix === 'ب') return [{ kind: 'sign', signs: ['into'], text: prefix }, token];
    return [token];
  }
  return undefined;
}

function endsPlural(word: string, form: string, language: string): boolean {
  if (['en', 'es', 'pt', 'fr'].includes(language))
    return /(?:s|x|men)$/.test(word) && !form.endsWith('s') && !/'s$/.test(word);
  if (language === 'ms') return word.includes('-');
  return language === 'ar' && /(?:ات|ون)$/.test(word);
}

/** Arabic may join `and` to a word of change, and to one that is not known. */
function unknownWord(text: string, language: string): Token[] {
  if (language === 'ar' && /^[وف].{2,}/u.test(text)) {
    const rest = text.slice(1);
    const sign = signAt(rest, 0, language, false);
    if (sign?.text === rest)
      return [
        { kind: 'sign', signs: ['and'], text: text.charAt(0) },
        { kind: 'sign', signs: sign.signs, text: rest },
      ];
  }
  return [{ kind: 'unknown', text }];
}

// Things

interface Draft {
  count: number | undefined;
  article: boolean;
  amount: Thing['amount'];
  hue: string | undefined;
  scale: number | undefined;
  second: boolean;
  compared: boolean;
  side: 'left' | 'right' | undefined;
  times: number;
}

const blank = (): Draft => ({
  count: undefined,
  article: false,
  amount: undefined,
  hue: undefined,
  scale: undefined,
  second: false,
  compared: false,
  side: undefined,
  times: 1,
});

type Open = { -readonly [Key in keyof Thing]: Thing[Key] };

const articles = new Set(
  'a an un una unos unas se seekor seorang sebuah sebatang sebiji sekuntum another'.split(' '),
);
const definite = new Set(
  'this that his her its their my your our each every su sus mi tu este esta ese esa aquel'.split(' '),
);
const scales = { bigger: 1.4, smaller: 0.7, twice: 2, half: 0.5 } as const;
const shotOf = { closer: 'close-up', wider: 'wide' } as const;

/** What a word names, as a thing; a concept of the lexicon that it has besides becomes its setting. */
function thingOf(token: Extract<Token, { kind: 'word' | 'any' | 'unknown' }>, draft: Draft): Open {
  const figure = token.kind === 'word' ? token.figures[0] : undefined;
  const setting = token.kind === 'word' ? settingOf(token.concepts) : undefined;
  const two = token.kind === 'word' && token.two;
  const count = draft.count ?? (two ? 2 : undefined);
  const any = token.kind === 'any' ? token.any : figure?.icon === 'person' ? 'person' : undefined;
  return {
    word: token.text.slice(0, 200),
    info: figure ?? (token.kind === 'any' && token.any === 'person' ? figureInfo('person') : undefined),
    article: draft.article,
    plural: token.kind !== 'unknown' && token.plural,
    second: draft.second,
    ...(any === undefined ? {} : { any }),
    ...(count === undefined ? {} : { count: Math.min(12, count) }),
    ...(draft.amount === undefined ? {} : { amount: draft.amount }),
    ...(draft.hue === undefined ? {} : { hue: draft.hue }),
    ...(draft.scale === undefined ? {} : { scale: draft.scale }),
    ...(setting === undefined ? {} : { setting }),
    ...(draft.compared ? { compared: true } : {}),
    ...(draft.side === undefined ? {} : { side: draft.side }),
  };
}

/** The setting among the concepts of a word; what `in` makes a place counts last. */
function settingOf(concepts: readonly string[]): Setting | undefined {
  for (const kinds of [['time', 'weather', 'shot', 'mood', 'place'], ['inside']]) {
    for (const concept of concepts) {
      const [kind = '', value = ''] = concept.split(' ');
      if (!kinds.includes(kind)) continue;
      const is = <T extends string>(list: readonly T[]): T | undefined => list.find((one) => one === value);
      if (kind === 'time' && is(times)) return { time: is(times)! };
      if (kind === 'weather' && is(weathers)) return { weather: is(weathers)! };
      if (kind === 'mood' && is(moods)) return { mood: is(moods)! };
      if (kind === 'shot' && is(shots)) return { shot: is(shots)! };
      if (kind === 'place' || kind === 'inside') return { place: value };
    }
  }
  return undefined;
}

const onlyInside = (concepts: readonly string[]): boolean =>
  concepts.some((one) => one.startsWith('inside')) &&
  !concepts.some((one) => /^(?:place|time|weather|shot|mood) /.test(one));

type Element =
  | { kind: 'sign'; sign: Sign }
  | { kind: 'thing'; token: Extract<Token, { kind: 'word' | 'any' | 'unknown' }> }
  | { kind: 'setting'; setting: Setting; token: Extract<Token, { kind: 'word' }> }
  | { kind: 'number'; count: number; article: boolean }
  | { kind: 'hue'; hue: string }
  | { kind: 'size'; scale: number }
  | { kind: 'anchor'; anchor: Anchor }
  | { kind: 'break' };

/** What each token may do here; a word that names a thing and a setting stays a thing, which knows its setting. */
function elements(tokens: readonly Token[]): Element[] {
  return tokens.flatMap((token): Element[] => {
    switch (token.kind) {
      case 'break':
        return [{ kind: 'break' }];
      case 'number':
        return [{ kind: 'number', count: token.count, article: false }];
      case 'any':
      case 'unknown':
        return [{ kind: 'thing', token }];
      case 'sign':
        return token.signs.map((sign) => ({ kind: 'sign' as const, sign })).slice(0, 1);
      case 'word':
        return elementsOfWord(token);
    }
  });
}

function elementsOfWord(token: Extract<Token, { kind: 'word' }>): Element[] {
  const { concepts, figures, text } = token;
  const found = new Map(concepts.map((concept) => concept.split(' ', 2) as [string, string]));
  const number = found.get('num');
  const word = text.toLowerCase();
  if (number !== undefined) {
    if (number === '0') return [{ kind: 'sign', sign: 'remove' }];
    if (definite.has(word)) return [];
    return [{ kind: 'number', count: Number(number), article: articles.has(word) }];
  }
  const relation = found.get('rel');
  if (relation !== undefined) {
    const anchor = anchors.find((one) => one === relation);
    return anchor ? [{ kind: 'anchor', anchor }] : [];
  }
  const hue = found.get('hue');
  if (hue !== undefined && figures.length === 0) return [{ kind: 'hue', hue }];
  const size = found.get('size');
  if (size !== undefined) return [{ kind: 'size', scale: size === 'big' ? scales.bigger : scales.smaller }];
  const setting = settingOf(concepts);
  if (figures.length > 0) return [{ kind: 'thing', token }];
  if (setting !== undefined) return [{ kind: 'setting', setting, token }];
  if (found.has('group')) {
    const icons = concepts
      .find((one) => one.startsWith('group'))!
      .split(' ')
      .slice(2);
    return icons.flatMap((icon): Element[] => {
      const info = figureInfo(icon);
      return info
        ? [{ kind: 'thing', token: { ...token, figures: [info], concepts: [], plural: false } }]
        : [];
    });
  }
  return found.get('pose') === 'flying' ? [{ kind: 'sign', sign: 'air' }] : [];
}

type Last = { thing: Open; where?: Where; wish: 'add' | 'with' | 'name' | 'move' };

class Wishes {
  readonly list: Wish[] = [];
  readonly unread: string[] = [];

  remove(thing: Open): void {
    // `without snow`: a weather, unless the picture has a thing of that name.
    if (thing.info === undefined && thing.setting)
      this.list.push({ do: 'unset', setting: thing.setting, thing });
    else this.list.push({ do: 'remove', thing });
  }

  replace(from: Open, to: Open): void {
    const [was, is] = [from.setting, to.setting];
    if (is && to.info === undefined) {
      this.list.push({ do: 'set', setting: is, ...(was && sameField(was, is) ? { instead: was } : {}) });
    } else this.list.push({ do: 'replace', from, to });
  }
}

const sameField = (a: Setting, b: Setting): boolean => Object.keys(a)[0] === Object.keys(b)[0];
/** A place is a thing of its own in `the forest becomes a beach`. */
const settingThing = (element: Extract<Element, { kind: 'setting' }>): Open => ({
  word: element.token.text,
  info: undefined,
  article: false,
  plural: false,
  second: false,
  setting: element.setting,
});

type Mode = 'name' | 'add' | 'with' | 'remove' | 'replace' | 'move' | 'flip';

/** Languages in which the word of change comes before what it changes. */
function readBefore(tokens: readonly Token[], language: string): { wishes: Wish[]; unread: string[] } {
  const all = elements(tokens);
  const wishes = new Wishes();
  /** Adjectives follow their noun. */
  const after = language !== 'en';
  let mode: Mode = 'name';
  let draft = blank();
  let dirty = false;
  let at = false;
  let anchor: Anchor | undefined;
  let zone: Zone | undefined;
  let from: Open | undefined;
  /** `instead of the cat …`: what is to go was named first. */
  let insteadFirst: Open | undefined;
  let last: Last | undefined;
  /** Nothing stands between the last thing and here. */
  let adjacent = false;
  let freshMode = false;
  let afterBreak = false;

  const flushLast = (): void => {
    if (!last) return;
    const { thing, where, wish } = last;
    const spot = where ?? (zone === undefined ? undefined : { zone });
    if (where === undefined) zone = undefined;
    const does = wish === 'with' ? (plainlyAdded(thing) ? 'add' : 'name') : wish;
    wishes.list.push({ do: does, thing, ...(spot === undefined ? {} : { where: spot }) });
    last = undefined;
  };
  /** Adjectives that no noun followed belong to the one before. */
  const settle = (): void => {
    if (dirty && last)
      adorn(last.thing, { ...draft, compared: draft.scale !== undefined || draft.hue !== undefined });
    if (dirty) draft = blank();
    dirty = false;
  };
  const endClause = (): void => {
    settle();
    flushLast();
    at = false;
    anchor = undefined;
    zone = undefined;
  };
  /** The next element that means something, for a look ahead. */
  const next = (index: number): Element | undefined => all.slice(index + 1).find((one) => !isFiller(one));
  const verbAfter = (index: number): Element | undefined =>
    all
      .slice(index + 1)
      .find(
        (one) => !isFiller(one) && !(one.kind === 'sign' && (one.sign === 'second' || one.sign === 'first')),
      );
  const take = (thing: Open, index: number): void => {
    const following = verbAfter(index);
    if (insteadFirst) {
      wishes.replace(insteadFirst, thing);
      insteadFirst = undefined;
      return;
    }
    if (following?.kind === 'sign' && following.sign === 'instead') {
      from = thing;
      return;
    }
    if (following?.kind === 'sign' && following.sign === 'gone') {
      wishes.remove(thing);
      return;
    }
    if (following?.kind === 'sign' && following.sign === 'becomes' && mode !== 'replace') {
      mode = 'replace';
      from = thing;
      return;
    }
    switch (mode) {
      case 'remove':
        wishes.remove(thing);
        return;
      case 'flip':
        wishes.list.push({ do: 'flip', thing });
        return;
      case 'replace':
        if (from === undefined) from = thing;
        else {
          wishes.replace(from, thing);
          from = undefined;
          mode = 'name';
        }
        return;
      default: {
        flushLast();
        last = { thing, wish: mode === 'move' || mode === 'add' || mode === 'with' ? mode : 'name' };
      }
    }
  };

  for (const [index, element] of all.entries()) {
    const wasAdjacent: boolean = adjacent;
    adjacent = false;
    switch (element.kind) {
      case 'break':
        endClause();
        freshMode = false;
        afterBreak = true;
        if (mode === 'replace' || mode === 'move' || mode === 'with') mode = 'name';
        from = undefined;
        continue;
      case 'number':
        if (after && wasAdjacent && last && element.count === 1) break;
        draft.count = element.article ? draft.count : element.count;
        draft.article = element.article;
        dirty = dirty || !element.article;
        break;
      case 'hue':
      case 'size': {
        if (after && wasAdjacent && last && !dirty) {
          adorn(last.thing, {
            ...blank(),
            ...(element.kind === 'hue' ? { hue: element.hue } : { scale: element.scale }),
          });
          adjacent = true;
          break;
        }
        if (element.kind === 'hue') draft.hue = element.hue;
        else draft.scale = (draft.scale ?? 1) * element.scale;
        dirty = true;
        break;
      }
      case 'anchor':
        settle();
        if (last || insteadFirst)
          anchor = element.anchor === 'beside' && mode === 'with' ? undefined : element.anchor;
        at =
          element.anchor === 'in' ||
          element.anchor === 'on' ||
          element.anchor === 'under' ||
          element.anchor === 'beside';
        break;
      case 'setting': {
        const { setting } = element;
        const following = next(index);
        const thing = settingThing(element);
        if (draft.second && 'place' in setting) {
          wishes.list.push({ do: 'backdrop' });
        } else if (mode === 'replace') {
          if (from === undefined && !(following?.kind === 'sign' && following.sign === 'becomes') && at) {
            wishes.list.push({ do: 'set', setting });
            mode = 'name';
          } else take(thing, index);
        } else if (
          insteadFirst ||
          (following?.kind === 'sign' && ['instead', 'gone', 'becomes'].includes(following.sign))
        ) {
          take(thing, index);
        } else if (
          mode === 'remove' &&
          (freshMode || (!at && !afterBreak && !/^(?:at|in|under) /.test(element.token.text.toLowerCase())))
        ) {
          wishes.remove(thing);
        } else if (last && (anchor !== undefined || at) && 'place' in setting && last.wish !== 'move') {
          // `a boat on the sea`: where it is to be, and so what the picture shows around it.
          settle();
          if (setting.place === 'sky') last.where = { zone: 'air' };
          else {
            flushLast();
            wishes.list.push({ do: 'set', setting });
          }
        } else {
          settle();
          if ('place' in setting) flushLast();
          wishes.list.push({ do: 'set', setting });
        }
        at = false;
        anchor = undefined;
        freshMode = false;
        break;
      }
      case 'thing': {
        const { token } = element;
        const concepts = token.kind === 'word' ? token.concepts : [];
        const setting = settingOf(concepts);
        // `in the castle`, `on the moon`, `at the market`: after such a word they are places.
        const placed =
          at &&
          setting !== undefined &&
          !draft.article &&
          draft.count === undefined &&
          (!last || onlyInside(concepts) === false || mode === 'name');
        if (placed && mode !== 'remove' && mode !== 'replace' && !last) {
          wishes.list.push({ do: 'set', setting });
          at = false;
          anchor = undefined;
          break;
        }
        const following = next(index);
        // `dog house`: in English the last noun of a compound names the thing, and adjectives nobody knows are passed.
        if (
          language === 'en' &&
          token.kind === 'unknown' &&
          all[index + 1]?.kind === 'thing' &&
          (all[index + 1] as Extract<Element, { kind: 'thing' }>).token.kind === 'word'
        ) {
          wishes.unread.push(token.text);
          break;
        }
        const secondFollows = following?.kind === 'sign' && following.sign === 'second';
        const thing = thingOf(token, secondFollows ? { ...draft, second: true } : draft);
        draft = blank();
        dirty = false;
        if (
          token.kind === 'unknown' &&
          mode === 'name' &&
          !thing.article &&
          thing.count === undefined &&
          !secondFollows &&
          !(following?.kind === 'sign' && ['instead', 'gone', 'becomes'].includes(following.sign))
        ) {
          wishes.unread.push(token.text);
          break;
        }
        if (
          anchor !== undefined &&
          last &&
          last.where === undefined &&
          !(following?.kind === 'sign' && following.sign === 'instead')
        ) {
          last.where = { anchor, to: thing };
          anchor = undefined;
          at = false;
          break;
        }
        anchor = undefined;
        at = false;
        take(thing, index);
        adjacent = true;
        freshMode = false;
        afterBreak = false;
        break;
      }
      case 'sign': {
        const { sign } = element;
        switch (sign) {
          case 'filler':
            adjacent = wasAdjacent;
            break;
          case 'second':
            if (!wasAdjacent) draft.second = true;
            else if (last) last.thing.second = true;
            break;
          case 'first':
            break;
          case 'and':
            settle();
            freshMode = false;
            if (mode === 'with') mode = 'name';
            break;
          case 'but':
            endClause();
            mode = 'name';
            from = undefined;
            break;
          case 'instead':
            anchor = undefined;
            if (from === undefined) {
              settle();
              insteadFirst = undefined;
              const target = namedNext(all, index);
              if (target) insteadFirst = target.thing;
              if (target) skipTo(all, index, target.index);
            } else {
              const target = namedNext(all, index);
              if (target) {
                wishes.replace(target.thing, from);
                skipTo(all, index, target.index);
              }
              from = undefined;
              mode = 'name';
            }
            break;
          case 'gone':
          case 'becomes':
            break;
          case 'into':
            settle();
            at = true;
            break;
          case 'with':
            settle();
            if (mode === 'replace' && from !== undefined) break;
            flushLast();
            mode = 'with';
            freshMode = true;
            break;
          case 'add':
          case 'remove':
          case 'replace':
          case 'move':
          case 'flip':
            endClause();
            mode = sign;
            freshMode = true;
            from = undefined;
            break;
          case 'more':
          case 'fewer':
          case 'only': {
            const target: Open | undefined =
              wasAdjacent && last && (after || sign === 'fewer') && !dirty ? last.thing : undefined;
            if (target) target.amount = sign;
            else {
              draft.amount = sign;
              dirty = true;
            }
            adjacent = target !== undefined;
            break;
          }
          case 'bigger':
          case 'smaller':
          case 'twice':
          case 'half': {
            const scale = scales[sign] * (draft.times === 1 ? 1 : sign === 'smaller' ? 0.7 : 1.4);
            if (after && wasAdjacent && last && !dirty) {
              last.thing.scale = scale;
              last.thing.compared = true;
              adjacent = true;
            } else {
              draft.scale = scale;
              draft.compared = true;
              dirty = true;
            }
            draft.times = 1;
            break;
          }
          case 'much':
            draft.times = 2;
            adjacent = wasAdjacent;
            break;
          case 'left-of':
          case 'right-of':
            settle();
            if (last && isNamed(next(index))) anchor = sign === 'left-of' ? 'left' : 'right';
            else place(sign === 'left-of' ? 'left' : 'right', index);
            break;
          case 'left':
          case 'right':
          case 'middle':
          case 'air':
          case 'near':
          case 'far':
            place(sign, index);
            break;
          case 'backdrop': {
            const following = next(index);
            if (draft.second || (following?.kind === 'sign' && following.sign === 'second')) {
              wishes.list.push({ do: 'backdrop' });
              draft.second = false;
            }
            break;
          }
          case 'closer':
          case 'wider':
            wishes.list.push({ do: 'set', setting: { shot: shotOf[sign] } });
            break;
          case 'at':
            settle();
            at = true;
            break;
          case 'red-adverb':
          case 'blue-adverb':
          case 'green-adverb':
          case 'yellow-adverb':
            break;
        }
      }
    }
  }
  endClause();
  return { wishes: wishes.list, unread: wishes.unread };

  function place(sign: Zone, index: number): void {
    settle();
    const following = all[index + 1];
    // `the left dog`.
    if ((sign === 'left' || sign === 'right') && !last && following?.kind === 'thing') {
      draft.side = sign;
      return;
    }
    if (last) {
      last.where ??= { zone: sign };
      at = false;
      anchor = undefined;
    } else if (sign === 'air' && !isNamed(next(index)) && mode === 'name') {
      wishes.list.push({ do: 'set', setting: { place: 'sky' } });
    } else zone = sign;
  }
}

const isFiller = (element: Element): boolean => element.kind === 'sign' && element.sign === 'filler';
const isNamed = (element: Element | undefined): boolean =>
  element?.kind === 'thing' ||
  element?.kind === 'number' ||
  element?.kind === 'hue' ||
  element?.kind === 'size';

/** With a verb for having alone, `with a dog` adds one, but `with a bigger house` speaks of the house that is there. */
function plainlyAdded(thing: Thing): boolean {
  return (
    thing.scale === undefined &&
    thing.hue === undefined &&
    thing.amount === undefined &&
    thing.count === undefined
  );
}

function adorn(thing: Open, draft: Draft): void {
  if (draft.count !== undefined && thing.count === undefined) thing.count = draft.count;
  if (draft.amount !== undefined) thing.amount = draft.amount;
  if (draft.hue !== undefined) thing.hue = draft.hue;
  if (draft.scale !== undefined) thing.scale = draft.scale;
  if (draft.compared) thing.compared = true;
}

/** The thing or setting named next, with what is said of it. */
function namedNext(all: readonly Element[], index: number): { thing: Open; index: number } | undefined {
  const draft = blank();
  for (let at = index + 1; at < all.length; at++) {
    const element = all[at]!;
    if (element.kind === 'thing') {
      const following = all.slice(at + 1).find((one) => !isFiller(one));
      const second = following?.kind === 'sign' && following.sign === 'second';
      return { thing: thingOf(element.token, { ...draft, second }), index: at };
    }
    if (element.kind === 'setting') return { thing: settingThing(element), index: at };
    if (element.kind === 'number') {
      draft.count = element.article ? undefined : element.count;
      draft.article = element.article;
    } else if (element.kind === 'hue') draft.hue = element.hue;
    else if (element.kind === 'break') return undefined;
  }
  return undefined;
}

/** Marks what a look ahead has read as read. */
function skipTo(all: Element[], index: number, to: number): void {
  for (let at = index + 1; at <= to; at++) all[at] = { kind: 'sign', sign: 'filler' };
}

const adverbHues: Partial<Record<Sign, string>> = {
  'red-adverb': 'red',
  'blue-adverb': 'blue',
  'green-adverb': 'green',
  'yellow-adverb': 'yellow',
};

/** Japanese, where the word of change comes after what it changes. */
function readAfter(tokens: readonly Token[]): { wishes: Wish[]; unread: string[] } {
  const all = elements(tokens);
  const wishes = new Wishes();
  let draft = blank();
  let dirty = false;
  let held: Last[] = [];
  let instead: Open | undefined;
  let where: Where | undefined;

  const name = (wish: 'add' | 'name' | 'move'): void => {
    for (const { thing, where: own } of held) {
      const spot = own ?? where;
      wishes.list.push({ do: wish, thing, ...(spot === undefined ? {} : { where: spot }) });
    }
    held = [];
    where = undefined;
  };
  const settle = (): void => {
    const last = held.at(-1);
    if (dirty && last) adorn(last.thing, draft);
    draft = blank();
    dirty = false;
  };
  const next = (index: number): Element | undefined => all.slice(index + 1).find((one) => !isFiller(one));
  const takeInstead = (): boolean => {
    const to = held.at(-1)?.thing;
    if (instead === undefined || to === undefined) return false;
    wishes.replace(instead, to);
    instead = undefined;
    held = held.slice(0, -1);
    return true;
  };

  for (const [index, element] of all.entries()) {
    switch (element.kind) {
      case 'break':
        settle();
        takeInstead();
        name('name');
        instead = undefined;
        break;
      case 'number': {
        const last = held.at(-1);
        if (last && !isNamedThing(next(index))) {
          last.thing.count = Math.min(12, element.count);
          if (draft.amount !== undefined) last.thing.amount = draft.amount;
          draft = blank();
          dirty = false;
        } else {
          draft.count = element.count;
          dirty = true;
        }
        break;
      }
      case 'hue':
        draft.hue = element.hue;
        dirty = true;
        break;
      case 'size':
        draft.scale = element.scale;
        dirty = true;
        break;
      case 'anchor': {
        const last = held.at(-1);
        if (last) {
          held = held.slice(0, -1);
          const spot: Where = { anchor: element.anchor, to: last.thing };
          const before = held.at(-1);
          if (before && before.where === undefined) before.where = spot;
          else where = spot;
        }
        break;
      }
      case 'setting': {
        const following = next(index);
        if (following?.kind === 'sign' && following.sign === 'remove') {
          wishes.remove(settingThing(element));
          skipTo(all, index, all.indexOf(following));
        } else if (following?.kind === 'sign' && following.sign === 'instead')
          instead = settingThing(element);
        else if (following?.kind === 'setting' && sameField(following.setting, element.setting)) {
          wishes.replace(settingThing(element), settingThing(following));
          skipTo(all, index, all.indexOf(following));
        } else if (instead !== undefined) {
          wishes.replace(instead, settingThing(element));
          instead = undefined;
        } else if (draft.second && 'place' in element.setting) wishes.list.push({ do: 'backdrop' });
        else wishes.list.push({ do: 'set', setting: element.setting });
        break;
      }
      case 'thing': {
        const { token } = element;
        if (
          token.kind === 'unknown' &&
          !/^[\p{Script=Katakana}ー\p{Script=Han}\p{Script=Latin}]{2,}$/u.test(token.text)
        )
          break;
        held.push({ thing: thingOf(token, draft), wish: 'name' });
        draft = blank();
        dirty = false;
        break;
      }
      case 'sign': {
        const { sign } = element;
        const last = held.at(-1);
        switch (sign) {
          case 'second':
            draft.second = true;
            break;
          case 'instead':
            if (last) {
              instead = last.thing;
              held = held.slice(0, -1);
            }
            break;
          case 'add':
            settle();
            if (!takeInstead()) name('add');
            break;
          case 'remove':
          case 'gone':
            settle();
            for (const { thing } of held) wishes.remove(thing);
            held = [];
            break;
          case 'replace':
          case 'into': {
            settle();
            if (takeInstead()) break;
            const [first, second] = held.slice(-2);
            if (first && second) {
              wishes.replace(first.thing, second.thing);
              held = held.slice(0, -2);
            }
            break;
          }
          case 'more':
          case 'fewer':
          case 'only':
            if (sign === 'more' || !last) {
              draft.amount = sign;
              dirty = true;
            } else last.thing.amount = sign;
            break;
          case 'bigger':
          case 'smaller':
          case 'twice':
          case 'half': {
            const scale = scales[sign];
            if (last && !isNamedThing(next(index))) {
              last.thing.scale = scale;
              last.thing.compared = true;
            } else {
              draft.scale = scale;
              draft.compared = true;
              dirty = true;
            }
            break;
          }
          case 'red-adverb':
          case 'blue-adverb':
          case 'green-adverb':
          case 'yellow-adverb':
            if (last) Object.assign(last.thing, { hue: adverbHues[sign]!, compared: true });
            break;
          case 'left':
          case 'right':
          case 'middle':
          case 'air':
          case 'near':
          case 'far':
            if (last && last.where === undefined) last.where = { zone: sign };
            else where = { zone: sign };
            break;
          case 'left-of':
          case 'right-of':
            if (last) {
              held = held.slice(0, -1);
              const spot: Where = { anchor: sign === 'left-of' ? 'left' : 'right', to: last.thing };
              const before = held.at(-1);
              if (before && before.where === undefined) before.where = spot;
              else where = spot;
            }
            break;
          case 'move':
            settle();
            name('move');
            break;
          case 'flip':
            settle();
            for (const { thing } of held) wishes.list.push({ do: 'flip', thing });
            held = [];
            break;
          case 'closer':
          case 'wider':
            wishes.list.push({ do: 'set', setting: { shot: shotOf[sign] } });
            break;
          case 'backdrop':
            if (draft.second) {
              wishes.list.push({ do: 'backdrop' });
              draft = blank();
            }
            break;
          case 'but':
            settle();
            name('name');
            break;
          default:
        }
      }
    }
  }
  settle();
  takeInstead();
  name('name');
  return { wishes: wishes.list, unread: wishes.unread };
}

const isNamedThing = (element: Element | undefined): boolean => element?.kind === 'thing';
