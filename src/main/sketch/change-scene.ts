import type { MixNote } from '../../shared/mix.ts';
import type { Figure, Scene } from '../../shared/scene.ts';
import { figureBox } from './anatomy.ts';
import type { Anchor, Change, Setting, Thing, Where, Wish, Zone } from './change.ts';
import { sketchSize } from './draw.ts';
import { layoutFigures, shownHeight, sized, type Relation } from './layout.ts';
import { figureInfo, type FigureInfo } from './lexicon.ts';
import { placeNamed } from './places.ts';
import { hueFor, isCreature, isPerson, toned, wearables } from './read.ts';
import { fitFigure, freeId, roomiest } from './revise.ts';

/**
 * Carries out what a change asks for on a scene. Whatever it does not name stays as it is, byte for byte: the seed, the
 * text, and every other figure's id, place and size. What it names and the scene does not have is said, not guessed.
 */

export interface Changed {
  readonly scene: Scene;
  /** What was done and what was not, in the order asked; the last one says what was kept. */
  readonly notes: readonly MixNote[];
}

/** More figures than this would not be told apart. */
const mostFigures = 60;
/** `birds` without a number. */
const several = 3;
const shape = sketchSize.width / sketchSize.height;
const round = (value: number): number => Math.round(value * 10_000) / 10_000;
const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** Kinds of things that go by one name, where the figure of that very name is not there. */
const families: readonly string[] = [
  'sailboat prop-boat canoe speedboat motor-boat ship ferry passenger-ship prop-pirate-ship',
  'bird prop-flying-bird blackbird eagle dove owl parrot swan duck flamingo goose',
  'dog dog-face poodle guide-dog service-dog',
  'cat black-cat cat-face',
  'deciduous-tree evergreen-tree palm-tree christmas-tree tanabata-tree',
  'automobile sport-utility-vehicle taxi police-car racing-car',
  'blossom rose tulip sunflower hibiscus cherry-blossom bouquet',
  'child boy girl baby',
  'top-hat womans-hat billed-cap',
  'house house-with-garden houses hut derelict-house',
  'fish tropical-fish blowfish',
  'full-moon crescent-moon full-moon-face new-moon',
  'star glowing-star shooting-star',
  'prop-ball soccer-ball basketball baseball volleyball',
  'rabbit rabbit-face',
  'horse horse-face horse-racing',
  'mountain snow-capped-mountain mount-fuji',
];
const familyOf = new Map(
  families.flatMap((family) => family.split(' ').map((icon) => [icon, new Set(family.split(' '))] as const)),
);
/** The people a word means, by the beginnings of their figures' names. */
const peopleCalled: Readonly<Record<string, RegExp>> = {
  man: /^(?:man|old-man|father)(?:-|$)/,
  woman: /^(?:woman|old-woman|mother)(?:-|$)/,
};

/**
 * @param second the scene of the second picture, from which things may be brought
 */
export function changeScene(
  scene: Scene,
  change: Change,
  { second }: { second?: Scene | undefined } = {},
): Changed {
  const work = new Work(scene, second);
  for (const wish of change.wishes) work.carryOut(wish);
  if (second && !work.usedSecond && !change.wishes.some(speaksOfSecond)) work.bringMain();
  if (change.unread.length > 0) work.note('noteUnread', { words: [...new Set(change.unread)] });
  if (work.notes.length === 0) work.note('noteNothing', {});
  return work.result();
}

const speaksOfSecond = (wish: Wish): boolean =>
  wish.do === 'backdrop' ||
  ('thing' in wish && wish.thing?.second === true) ||
  (wish.do === 'replace' && wish.to.second);

/** The figures of a scene that a picture is about: its creatures, or else its largest thing, with what goes with them. */
export function mainFigures(scene: Scene): Figure[] {
  const own = scene.figures.filter((figure) => figure.with === undefined && visible(figure));
  const sizeOf = (figure: Figure): number => figure.height * widthOf(figure.icon, figure.height);
  const near = own.filter((figure) => !['far', 'sky'].includes(figureInfo(figure.icon)?.habitat ?? ''));
  const alive = near.filter((figure) => creature(figure.icon)).toSorted((a, b) => sizeOf(b) - sizeOf(a));
  if (alive.length > 0) return alive.slice(0, 3);
  return (near.length > 0 ? near : own).toSorted((a, b) => sizeOf(b) - sizeOf(a)).slice(0, 1);
}

/** The figures that a change means by a name. */
export function figuresNamed(scene: Scene, thing: Thing): Figure[] {
  const named = tiers(scene, thing).find((list) => list.length > 0) ?? [];
  const coloured = thing.hue === undefined ? [] : named.filter((figure) => hasHue(figure, thing.hue!));
  const chosen = coloured.length > 0 ? coloured : named;
  if (thing.side === undefined || chosen.length < 2) return chosen;
  const across = chosen.toSorted((a, b) => a.x - b.x);
  return [thing.side === 'left' ? across[0]! : across.at(-1)!];
}

function tiers(scene: Scene, thing: Thing): Figure[][] {
  const by = (test: (icon: string, info: FigureInfo, figure: Figure) => boolean): Figure[] =>
    scene.figures.filter((figure) => {
      const info = figureInfo(figure.icon);
      return info !== undefined && test(info.icon, info, figure);
    });
  const word = thing.word.toLowerCase();
  const called = by(
    (_, __, figure) =>
      figure.word.toLowerCase().split(' ').includes(word) || figure.word.toLowerCase() === word,
  );
  if (thing.any === 'person') return [by((_, info) => isPerson(info))];
  if (thing.any === 'animal') return [by((_, info) => isCreature(info) && !isPerson(info))];
  if (!thing.info) return [called];
  const { icon, label } = thing.info;
  const family = familyOf.get(icon);
  const people = peopleCalled[icon];
  return [
    by((one) => one === icon),
    by((one) => family?.has(one) === true || people?.test(one) === true),
    called,
    by((_, info) => info.label.endsWith(` ${label}`) && info.label !== 'hot dog'),
  ];
}

/** Whether a figure is dyed a colour; what nobody dyed has the colour of its ink. */
function hasHue(figure: Figure, hue: string): boolean {
  const info = figureInfo(figure.icon);
  const wanted = info && hueFor(info, hue).hue;
  if (wanted === undefined) return false;
  const apart = Math.abs(((wanted - (figure.hue ?? 0) + 540) % 360) - 180);
  return apart < 30;
}

const creature = (icon: string): boolean => {
  const info = figureInfo(icon);
  return info !== undefined && (isCreature(info) || info.icon === 'prop-flying-bird');
};
const widthOf = (icon: string, height: number): number => {
  const box = figureBox(icon);
  return (height * box.w) / box.h / shape;
};
const visible = ({ x, y, height }: Figure): boolean => x > 0 && x < 1 && y > 0.02 && y - height < 0.98;
const upright = (habitat: string): boolean => !['sky', 'air', 'wall', 'deep'].includes(habitat);

class Work {
  readonly notes: MixNote[] = [];
  usedSecond = false;
  readonly #before: Scene;
  readonly #second: Scene | undefined;
  #scene: Scene;
  /** The place or the shot has changed, and figures with it that were not named. */
  #movedAll = false;

  constructor(scene: Scene, second: Scene | undefined) {
    this.#before = scene;
    this.#scene = scene;
    this.#second = second;
  }

  note(code: MixNote['code'], values: MixNote['values']): void {
    this.notes.push({ code, values });
  }

  result(): Changed {
    const was = new Map(this.#before.figures.map((figure) => [figure.id, figure]));
    const kept = this.#scene.figures
      .filter((figure) => {
        const old = was.get(figure.id);
        // Another place may have another ground, and another shot shows everything larger or smaller.
        return old?.icon === figure.icon && old.hue === figure.hue && (old === figure || this.#movedAll);
      })
      .map(({ word }) => word);
    const things = [...new Set(kept.map((word) => word.toLowerCase()))];
    const place =
      this.#scene.place === this.#before.place && this.#scene.place !== 'plain' ? this.#scene.place : null;
    if (things.length > 0 && place !== null) this.note('noteKept', { things: shortened(things), place });
    else if (things.length > 0) this.note('noteKeptThings', { things: shortened(things) });
    else if (place !== null) this.note('noteKeptPlace', { place });
    return { scene: this.#scene, notes: this.notes };
  }

  carryOut(wish: Wish): void {
    switch (wish.do) {
      case 'set':
        this.#set(wish.setting, wish.instead);
        return;
      case 'unset':
        this.#unset(wish.setting, wish.thing);
        return;
      case 'add':
        this.#add(wish.thing, wish.where);
        return;
      case 'remove':
        this.#remove(wish.thing);
        return;
      case 'replace':
        this.#replace(wish.from, wish.to);
        return;
      case 'name':
        this.#name(wish.thing, wish.where);
        return;
      case 'move':
        this.#move(wish.thing, wish.where);
        return;
      case 'flip':
        this.#flip(wish.thing);
        return;
      case 'backdrop':
        this.#backdrop();
    }
  }

  // The setting

  #set(setting: Setting, instead: Setting | undefined): void {
    const [field, value] = Object.entries(setting)[0] as [keyof Setting, string];
    const was = instead?.[field];
    if (was !== undefined && was !== this.#scene[field]) this.note('noteNotSo', { [field]: was });
    if (this.#scene[field] === value) {
      this.note('noteAlreadySo', { [field]: value });
      return;
    }
    if (field === 'place' || field === 'shot') this.#movedAll = true;
    if (field === 'place') this.#scene = atPlace(this.#scene, value);
    else if (field === 'shot') this.#scene = fromDistance(this.#scene, value as Scene['shot']);
    else this.#scene = { ...this.#scene, [field]: value };
    this.note('noteSet', { [field]: value });
  }

  #unset(setting: Setting, thing: Thing | undefined): void {
    const [field, value] = Object.entries(setting)[0] as [keyof Setting, string];
    if (this.#scene[field] === value) {
      const neutral = {
        time: value === 'day' ? 'night' : 'day',
        weather: 'clear',
        place: 'plain',
        mood: 'neutral',
        shot: 'medium',
      };
      if (value === neutral[field]) this.note('noteNotSo', { [field]: value });
      else this.#set({ [field]: neutral[field] } as Setting, undefined);
    } else if (thing && figuresNamed(this.#scene, thing).length > 0) this.#remove(thing);
    else this.note('noteNotSo', { [field]: value });
  }

  #backdrop(): void {
    if (!this.#second) return this.note('noteNoSecond', {});
    this.usedSecond = true;
    this.#movedAll = true;
    const { place, time, weather } = this.#second;
    this.#scene = { ...atPlace(this.#scene, place), time, weather };
    this.note('noteBackdrop', { place, time, weather });
  }

  // Figures

  #put(figures: Figure[]): void {
    this.#scene = { ...this.#scene, figures };
  }

  #named(thing: Thing): Figure[] {
    return figuresNamed(this.#scene, thing);
  }

  #full(): boolean {
    return this.#scene.figures.length >= mostFigures;
  }

  #missing(thing: Thing): void {
    this.note('noteMissing', { thing: thing.word });
  }

  #remove(thing: Thing): void {
    const named = this.#named(thing);
    if (named.length === 0) {
      if (thing.setting && matchesSetting(this.#scene, thing.setting))
        return this.#unset(thing.setting, undefined);
      return this.#missing(thing);
    }
    const many = thing.count ?? (thing.article ? 1 : named.length);
    if (many > named.length) this.note('noteFewer', { thing: thing.word, count: named.length });
    const gone = named.slice(-many);
    this.#takeAway(gone);
    this.note('noteRemoved', { thing: thing.word, count: gone.length });
  }

  /** Takes figures away, with what they wear and hold; who sat or stood on one comes down to its foot. */
  #takeAway(figures: readonly Figure[]): void {
    const gone = new Set(figures.map(({ id }) => id));
    const feet = new Map(figures.map((figure) => [figure.id, figure]));
    for (let grew = true; grew;) {
      grew = false;
      for (const figure of this.#scene.figures) {
        const carrier =
          figure.with === undefined ? undefined : this.#scene.figures.find(({ id }) => id === figure.with);
        if (!carrier || !gone.has(carrier.id) || gone.has(figure.id)) continue;
        if (creature(figure.icon) || !creature(carrier.icon)) continue;
        gone.add(figure.id);
        feet.set(figure.id, figure);
        grew = true;
      }
    }
    this.#put(
      this.#scene.figures
        .filter(({ id }) => !gone.has(id))
        .map((figure) => {
          const carrier = figure.with === undefined ? undefined : feet.get(figure.with);
          if (!carrier) return figure;
          const { with: _gone, ...free } = figure;
          return { ...free, y: Math.max(free.y, carrier.y) };
        }),
    );
  }

  #add(thing: Thing, where: Where | undefined): void {
    const source = this.#fromSecond(thing);
    if (source === 'missing') return;
    if (source) {
      for (const figure of source) this.#bring(figure, where);
      this.note('noteBrought', { thing: thing.word });
      return;
    }
    if (!thing.info) {
      if (thing.setting) return this.#set(thing.setting, undefined);
      return this.note('noteNoFigure', { thing: thing.word });
    }
    const many = thing.count ?? (thing.plural ? several : 1);
    // `a cat on a bed`, `a boy with a balloon`: what is not there yet comes along.
    const along =
      where && 'anchor' in where && where.to.article && where.to.info && this.#named(where.to).length === 0;
    const carries = along && ['hold', 'wear'].includes(where.anchor);
    if (along && !carries) this.#add(where.to, undefined);
    const to = carries ? undefined : this.#anchorOf(where);
    const { length } = this.#scene.figures;
    for (let nth = 0; nth < many && !this.#full(); nth++) this.#addOne(thing, thing.info, to, nth);
    const added = this.#scene.figures.length - length;
    if (added > 0) this.note('noteAdded', { thing: thing.word, count: added });
    if (added < many) this.note('noteFull', {});
    if (carries && added > 0) this.#add(where.to, { anchor: where.anchor, to: thing });
  }

  /** Where something is to be, once the thing it is to be near was found. */
  #anchorOf(where: Where | undefined): { zone: Zone } | { anchor: Anchor; to: Figure } | undefined {
    if (where === undefined || 'zone' in where) return where;
    const [to] = this.#named(where.to);
    if (to) return { anchor: where.anchor, to };
    this.#missing(where.to);
    return undefined;
  }

  #addOne(
    thing: Thing,
    info: FigureInfo,
    where: { zone: Zone } | { anchor: Anchor; to: Figure } | undefined,
    nth: number,
  ): void {
    const flies = where !== undefined && 'zone' in where && where.zone === 'air' && info.icon === 'bird';
    const icon = toned(flies ? 'prop-flying-bird' : info.icon, `${thing.word}${nth}`, this.#scene.seed);
    const fitted = fitFigure(this.#scene, { icon, word: thing.word });
    const figure: Figure = {
      ...fitted,
      height: round(clamp(fitted.height * (thing.scale ?? 1), 0.02, 1.2)),
      ...hueFor(info, thing.hue),
    };
    this.#place(figure, where, nth);
  }

  /** Puts a new figure into the scene, where it is wanted. */
  #place(figure: Figure, where: { zone: Zone } | { anchor: Anchor; to: Figure } | undefined, nth = 0): void {
    const figures = [...this.#scene.figures];
    if (where === undefined) figures.push(spread(this.#scene, figure, nth));
    else if ('zone' in where) figures.push(inZone(this.#scene, figure, where.zone, nth));
    else figures.push(nextTo(this.#scene, figure, where.anchor, where.to, nth));
    this.#put(figures);
  }

  /** What of the second picture is meant: by its words, or because only that picture has it. */
  #fromSecond(thing: Thing): Figure[] | 'missing' | undefined {
    if (!this.#second) {
      if (!thing.second) return undefined;
      this.note('noteNoSecond', {});
      return 'missing';
    }
    const named = figuresNamed(this.#second, thing);
    if (named.length === 0) {
      if (!thing.second) return undefined;
      this.note('noteNotInSecond', { thing: thing.word });
      return 'missing';
    }
    if (!thing.second && this.#named(thing).length > 0) return undefined;
    this.usedSecond = true;
    return named.slice(0, thing.count ?? (thing.plural ? named.length : 1));
  }

  bringMain(): void {
    if (!this.#second) return;
    const figures = mainFigures(this.#second);
    if (figures.length === 0) return this.note('noteSecondEmpty', {});
    for (const figure of figures) this.#bring(figure, undefined, true);
    this.note('noteBroughtMain', { things: [...new Set(figures.map(({ word }) => word))] });
  }

  /** Takes a figure of the second picture over, with what goes with it, as large as it would be here. */
  #bring(figure: Figure, where: Where | undefined, riders = false): void {
    if (!this.#second || this.#full()) return;
    const fitted = fitFigure(this.#scene, { icon: figure.icon, word: figure.word });
    const { with: _with, ...own } = figure;
    const grown =
      naturalHeight(figure.icon, this.#second) === 0
        ? 1
        : figure.height / naturalHeight(figure.icon, this.#second);
    const height = round(clamp(naturalHeight(figure.icon, this.#scene) * clamp(grown, 0.6, 1.6), 0.03, 1));
    this.#place(
      { ...own, id: fitted.id, x: fitted.x, y: fitted.y, depth: fitted.depth, height },
      this.#anchorOf(where),
    );
    const placed = this.#scene.figures.at(-1)!;
    this.#dress(placed, figure, this.#second.figures, riders);
  }

  /** Copies what goes with a figure to one that stands for it; `riders`: also who sits on it, and what goes with them. */
  #dress(to: Figure, model: Figure, figures: readonly Figure[], riders = false): void {
    const scale = to.height / model.height;
    const turned = to.flip === model.flip ? 1 : -1;
    for (const part of figures.filter((one) => one.with === model.id && (riders || !creature(one.icon)))) {
      const taken = new Set(this.#scene.figures.map(({ id }) => id));
      this.#put([
        ...this.#scene.figures,
        {
          ...part,
          id: freeId(part.id, taken),
          x: round(to.x + (part.x - model.x) * scale * turned),
          y: round(to.y + (part.y - model.y) * scale),
          height: round(part.height * scale),
          flip: turned === 1 ? part.flip : !part.flip,
          depth: round(to.depth + part.depth - model.depth),
          with: to.id,
        },
      ]);
      this.#dress(this.#scene.figures.at(-1)!, part, figures, riders);
    }
  }

  #replace(from: Thing, to: Thing): void {
    const named = this.#named(from);
    if (named.length === 0) {
      const { setting } = from;
      if (setting && to.setting && matchesSetting(this.#scene, setting))
        return this.#set(to.setting, undefined);
      return this.#missing(from);
    }
    const source = this.#fromSecond(to);
    if (source === 'missing') return;
    const model = source?.[0];
    const info = model ? figureInfo(model.icon) : to.info;
    if (!info) return this.note('noteNoFigure', { thing: to.word });
    const chosen = named.slice(0, from.count ?? (from.article ? 1 : named.length));
    const wanted = to.count ?? (to.article && from.plural ? 1 : undefined);
    const stay = chosen.slice(0, wanted ?? chosen.length);
    for (const [nth, old] of stay.entries()) {
      const icon = model?.icon ?? toned(info.icon, `${to.word}${nth}`, this.#scene.seed);
      const fitted = fitFigure(this.#scene, { icon, word: model?.word ?? to.word, instead: old.id });
      const fresh: Figure = {
        ...fitted,
        height: round(clamp(fitted.height * (to.scale ?? 1), 0.02, 1.2)),
        ...(model?.hue === undefined ? {} : { hue: model.hue }),
        ...(model?.cast === undefined ? {} : { cast: model.cast }),
        ...(to.hue === undefined ? {} : hueFor(info, to.hue)),
      };
      const worn = this.#scene.figures.filter((one) => one.with === old.id && !creature(one.icon));
      const others = new Set(worn.map(({ id }) => id));
      this.#put(
        this.#scene.figures
          .filter(({ id }) => !others.has(id))
          .map((one) => (one.id === old.id ? fresh : one)),
      );
      // What it wore or held is worn and held by what stands there now.
      for (const part of worn) {
        const how = wearables.has(part.icon) ? 'wear' : creature(old.icon) ? 'hold' : 'on';
        this.#put([...this.#scene.figures, { ...attached(this.#scene, part, how, fresh), id: part.id }]);
      }
      if (model && this.#second) this.#dress(fresh, model, this.#second.figures);
    }
    if (stay.length < chosen.length) this.#takeAway(chosen.slice(stay.length));
    for (let nth = stay.length; wanted !== undefined && nth < wanted && !this.#full(); nth++)
      this.#addOne(to, info, undefined, nth);
    this.note('noteReplaced', { from: from.word, to: model?.word ?? to.word });
  }

  /** A thing named without a verb: what is said of it tells what is wanted. */
  #name(thing: Thing, where: Where | undefined): void {
    if (thing.second) return this.#add(thing, where);
    const named = this.#named(plain(thing));
    if (where && 'anchor' in where && ['hold', 'wear', 'ride'].includes(where.anchor) && named.length > 0) {
      this.#add(where.to, { anchor: where.anchor, to: plain(thing) });
      return;
    }
    const { amount, count, scale, hue } = thing;
    if (named.length === 0) {
      if (amount === 'fewer' || amount === 'only' || thing.compared === true) return this.#missing(thing);
      return this.#add(
        amount === undefined ? thing : { ...thing, count: count ?? (thing.plural ? several : 1) },
        where,
      );
    }
    const anchored = where !== undefined && thing.article;
    if (anchored) return this.#add(thing, where);
    if (amount === 'more') return this.#more(thing, named, count ?? (thing.plural ? 2 : 1), where);
    if (amount === 'fewer') return this.#fewer(thing, named, count ?? 1);
    const target = count ?? (amount === 'only' ? 1 : undefined);
    if (target !== undefined && target !== named.length) {
      if (target > named.length) this.#more(thing, named, target - named.length, where);
      else this.#fewer(thing, named, named.length - target);
    }
    const left = new Set(named.map(({ id }) => id));
    const now = this.#scene.figures.filter(({ id }) => left.has(id));
    if (scale !== undefined) this.#scale(thing, now, scale);
    if (hue !== undefined) this.#colour(thing, now, hue);
    if (scale !== undefined || hue !== undefined || (target !== undefined && target !== named.length)) return;
    if (where !== undefined) this.#move(thing, where);
    else this.note('noteAlready', { thing: thing.word, count: named.length });
  }

  #more(thing: Thing, named: readonly Figure[], many: number, where: Where | undefined): void {
    const { length } = this.#scene.figures;
    const to = this.#anchorOf(where);
    for (let nth = 0; nth < many && !this.#full(); nth++) {
      const { with: _with, cast: _cast, ...model } = named[nth % named.length]!;
      const taken = new Set(this.#scene.figures.map(({ id }) => id));
      const copy: Figure = {
        ...model,
        id: freeId(model.id, taken),
        ...hueFor(figureInfo(model.icon)!, thing.hue),
      };
      this.#place(copy, to, nth + 1);
    }
    const added = this.#scene.figures.length - length;
    if (added > 0) this.note('noteAdded', { thing: thing.word, count: added });
    if (added < many) this.note('noteFull', {});
  }

  #fewer(thing: Thing, named: readonly Figure[], many: number): void {
    const gone = named.slice(-Math.min(many, named.length));
    this.#takeAway(gone);
    this.note('noteRemoved', { thing: thing.word, count: gone.length });
  }

  #scale(thing: Thing, figures: readonly Figure[], wanted: number): void {
    for (const figure of figures) {
      this.#transform(
        figure,
        inView({ ...figure, height: round(clamp(figure.height * wanted, 0.02, 0.96)) }),
      );
    }
    this.note(wanted > 1 ? 'noteBigger' : 'noteSmaller', { thing: thing.word });
  }

  /** Puts a figure as it is now in place of what it was; what goes with it follows. */
  #transform(was: Figure, now: Figure): void {
    const scale = now.height / was.height;
    const turned = now.flip === was.flip ? 1 : -1;
    const moved = new Map<string, Figure>([[was.id, now]]);
    for (let grew = true; grew;) {
      grew = false;
      for (const part of this.#scene.figures) {
        if (moved.has(part.id) || part.with === undefined || !moved.has(part.with)) continue;
        moved.set(part.id, {
          ...part,
          x: round(now.x + (part.x - was.x) * scale * turned),
          y: round(now.y + (part.y - was.y) * scale),
          height: round(clamp(part.height * scale, 0.005, 3)),
          flip: turned === 1 ? part.flip : !part.flip,
          depth: round(part.depth + now.depth - was.depth),
        });
        grew = true;
      }
    }
    this.#put(this.#scene.figures.map((figure) => moved.get(figure.id) ?? figure));
  }

  #colour(thing: Thing, figures: readonly Figure[], hue: string): void {
    let done = 0;
    for (const figure of figures) {
      const info = figureInfo(figure.icon);
      const shift = info ? hueFor(info, hue) : {};
      if (shift.hue === undefined) continue;
      this.#put(this.#scene.figures.map((one) => (one.id === figure.id ? { ...one, ...shift } : one)));
      done++;
    }
    this.note(done > 0 ? 'noteColoured' : 'noteNoColour', { thing: thing.word, colour: hue });
  }

  #move(thing: Thing, where: Where | undefined): void {
    const [figure] = this.#named(thing);
    if (!figure) return this.#missing(thing);
    const to = this.#anchorOf(where);
    if (to === undefined) {
      if (where === undefined) this.note('noteAlready', { thing: thing.word, count: 1 });
      return;
    }
    const others = {
      ...this.#scene,
      figures: this.#scene.figures.filter((one) => one.id !== figure.id && one.with !== figure.id),
    };
    const { with: _with, ...free } = figure;
    const now = 'zone' in to ? inZone(others, free, to.zone, 0) : nextTo(others, free, to.anchor, to.to, 0);
    this.#transform(figure, now);
    this.note('noteMoved', { thing: thing.word });
  }

  #flip(thing: Thing): void {
    const named = this.#named(thing);
    if (named.length === 0) return this.#missing(thing);
    for (const figure of named) this.#transform(figure, { ...figure, flip: !figure.flip });
    this.note('noteFlipped', { thing: thing.word });
  }
}

/** The thing alone, without what is to become of it; of several, the colour would choose those that have it already. */
function plain(thing: Thing): Thing {
  const { hue: _hue, scale: _scale, count: _count, amount: _amount, ...rest } = thing;
  return rest;
}

const matchesSetting = (scene: Scene, setting: Setting): boolean =>
  Object.entries(setting).every(([field, value]) => scene[field as keyof Setting] === value);

function naturalHeight(icon: string, scene: Scene): number {
  const info = figureInfo(icon);
  return info ? sized({ icon, word: '' }, info, scene.shot).h : 0;
}

const shortened = (things: readonly string[]): string[] =>
  things.length > 6 ? [...things.slice(0, 6), '…'] : [...things];

/** The scene at another place: figures stay where they are, but for feet that would stand in the air or in the water. */
function atPlace(scene: Scene, place: string): Scene {
  const [was, is] = [placeNamed(scene.place), placeNamed(place)];
  const bandOf = (at: typeof was): readonly [number, number] | undefined => at.ground ?? at.water;
  const [from, to] = [bandOf(was), bandOf(is)];
  if (!from || !to) return { ...scene, place };
  const afloat = (icon: string): boolean => figureInfo(icon)?.habitat === 'water';
  const lifted = new Map<string, number>();
  for (const figure of scene.figures) {
    if (figure.with !== undefined) continue;
    const habitat = figureInfo(figure.icon)?.habitat ?? 'ground';
    if (!upright(habitat)) continue;
    const [low, high] = afloat(figure.icon) ? (is.water ?? to) : to;
    const [lowest, highest] = afloat(figure.icon) ? (was.water ?? from) : from;
    // What hangs or flies is not on the ground, whatever the place.
    if (figure.y < lowest - 0.03 || figure.y > highest + 0.06) continue;
    if (figure.y >= low && figure.y <= high + 0.02) continue;
    const t = clamp((figure.y - lowest) / (highest - lowest || 1), 0, 1);
    lifted.set(figure.id, round(low + t * (high - low)) - figure.y);
  }
  const rootOf = (figure: Figure): Figure => {
    let at = figure;
    for (let hops = 0; hops < 8 && at.with !== undefined; hops++)
      at = scene.figures.find(({ id }) => id === at.with) ?? at;
    return at;
  };
  return {
    ...scene,
    place,
    figures: scene.figures.map((figure) => {
      const by = lifted.get(rootOf(figure).id);
      return by === undefined
        ? figure
        : {
            ...figure,
            y: round(figure.y + by),
            depth: figure.depth >= 0 ? round(figure.depth + by) : figure.depth,
          };
    }),
  };
}

/** The scene seen from nearer or farther: everything grows or shrinks about its foot. */
function fromDistance(scene: Scene, shot: Scene['shot']): Scene {
  const closer = shownHeight(1, shot) / shownHeight(1, scene.shot);
  const roots = new Map(scene.figures.map((figure) => [figure.id, figure]));
  return {
    ...scene,
    shot,
    figures: scene.figures.map((figure) => {
      const height = round(Math.min(1.6, figure.height * closer));
      const carrier = figure.with === undefined ? undefined : roots.get(figure.with);
      if (!carrier) return { ...figure, height };
      return {
        ...figure,
        height,
        x: round(carrier.x + (figure.x - carrier.x) * closer),
        y: round(carrier.y + (figure.y - carrier.y) * closer),
      };
    }),
  };
}

/** Beside its like, where there is room; a little higher or lower than it, as a flock is. */
function spread(scene: Scene, figure: Figure, nth: number): Figure {
  const info = figureInfo(figure.icon);
  const wide = widthOf(figure.icon, figure.height);
  const x = round(roomiest(scene, wide, figure.x));
  if (info?.habitat === 'far' && figure.depth < 0) {
    // A mountain stands behind a house, whichever came first.
    const smaller = scene.figures.filter(
      (one) => one.depth < 0 && (figureInfo(one.icon)?.metres ?? 0) < info.metres,
    );
    const depth = Math.min(figure.depth, ...smaller.map((one) => one.depth - 0.001));
    return { ...figure, x, depth: round(depth) };
  }
  const floats =
    ['sky', 'air', 'deep'].includes(figureInfo(figure.icon)?.habitat ?? '') ||
    figure.icon === 'prop-flying-bird';
  const step = nth === 0 ? 0 : (nth % 2 === 0 ? 1 : -1) * (floats ? 0.06 : 0.012) * Math.ceil(nth / 2);
  const y = round(clamp(figure.y + step, figure.height * 0.6, 0.97));
  return {
    ...figure,
    x,
    y,
    depth: figure.depth >= 0 ? round(figure.depth + y - figure.y + nth * 0.0001) : figure.depth,
  };
}

/** A figure that has grown, with its foot lowered and its middle moved as far as it takes to see all of it. */
function inView(figure: Figure): Figure {
  const wide = widthOf(figure.icon, figure.height);
  const half = Math.min(0.5, wide / 2);
  return {
    ...figure,
    x: figure.x < half || figure.x > 1 - half ? round(clamp(figure.x, half, 1 - half)) : figure.x,
    y: figure.y < figure.height + 0.02 ? round(Math.min(0.98, figure.height + 0.02)) : figure.y,
  };
}

const zoneRange: Record<Zone, readonly [number, number]> = {
  left: [0.04, 0.3],
  right: [0.7, 0.96],
  middle: [0.42, 0.58],
  air: [0.06, 0.94],
  near: [0.06, 0.94],
  far: [0.06, 0.94],
};

function inZone(scene: Scene, figure: Figure, zone: Zone, nth: number): Figure {
  const place = placeNamed(scene.place);
  const band = place.ground ?? place.water;
  const habitat = figureInfo(figure.icon)?.habitat ?? 'ground';
  const range = zoneRange[zone];
  const centre = (range[0] + range[1]) / 2;
  let { y, height, depth } = figure;
  if (zone === 'air') {
    y = clamp(0.3 + height * 0.5 + (nth % 3) * 0.07, height + 0.03, 0.6);
  } else if (band && upright(habitat) && zone === 'near') {
    y = band[1] - 0.01;
    height = Math.min(height * 1.15, 0.8);
    depth = Math.max(y, ...scene.figures.map((one) => one.depth)) + 0.001;
  } else if (band && upright(habitat) && zone === 'far') {
    y = band[0] + 0.01;
    height *= 0.6;
    depth = Math.min(y, ...scene.figures.filter((one) => one.depth > 0).map((one) => one.depth)) - 0.001;
  }
  const wide = widthOf(figure.icon, height);
  const inner: readonly [number, number] = [
    Math.max(range[0], wide / 2 + 0.01),
    Math.min(range[1], 0.99 - wide / 2),
  ];
  const x =
    inner[0] >= inner[1]
      ? clamp(centre, Math.min(0.5, wide / 2), Math.max(0.5, 1 - wide / 2))
      : roomiest(scene, wide, centre, inner);
  return { ...figure, x: round(x), y: round(y), height: round(height), depth: round(depth) };
}

/** A figure as it stands to another one. */
function nextTo(scene: Scene, figure: Figure, anchor: Anchor, to: Figure, nth: number): Figure {
  const info = figureInfo(figure.icon);
  const other = figureInfo(to.icon);
  if (!info || !other) return figure;
  const alive = isCreature(other);
  if (wearables.has(info.icon) && alive && ['on', 'wear', 'in', 'hold'].includes(anchor))
    return attached(scene, figure, 'wear', to);
  const small = info.metres <= Math.max(0.75, other.metres * 0.5);
  const joins: Partial<Record<Anchor, Relation>> = {
    on: info.metres > other.metres * 5 || other.habitat === 'sky' ? undefined : 'on',
    in: alive ? undefined : 'in',
    hold: alive && small ? 'hold' : undefined,
    wear: alive && small ? 'hold' : undefined,
    ride: 'ride',
    under: 'under',
    above: 'above',
  } as Partial<Record<Anchor, Relation>>;
  const relation = joins[anchor];
  if (relation) return attached(scene, figure, relation, to, nth);
  const half = (widthOf(figure.icon, figure.height) + widthOf(to.icon, to.height)) / 2;
  const level = upright(info.habitat) && upright(other.habitat);
  const y = level ? to.y : figure.y;
  if (anchor === 'front' || anchor === 'behind') {
    const sign = anchor === 'front' ? 1 : -1;
    const x = clamp(to.x + half * 0.45 * (to.x > 0.5 ? -1 : 1), 0.05, 0.95);
    return {
      ...figure,
      x: round(x),
      y: round(clamp(y + 0.045 * sign, 0.1, 0.97)),
      depth: round(to.depth + 0.01 * sign),
    };
  }
  const way = anchor === 'left' ? -1 : anchor === 'right' ? 1 : to.x > 0.5 ? -1 : 1;
  const x = clamp(to.x + way * half * 1.04 * (nth + 1), 0.03, 0.97);
  return {
    ...figure,
    x: round(x),
    y: round(y),
    depth: round(level ? to.depth + 0.0002 * (nth + 1) : figure.depth),
  };
}

/** A figure joined to one that stands already, as the two would be drawn if a text told of both. */
function attached(scene: Scene, figure: Figure, relation: Relation, to: Figure, nth = 0): Figure {
  const actors = [
    { icon: to.icon, word: '' },
    ...Array.from({ length: nth + 1 }, () => ({
      icon: figure.icon,
      word: '',
      relation: { kind: relation, to: 0 },
    })),
  ];
  const laid = layoutFigures(actors, { seed: scene.seed, shot: scene.shot, place: 'plain', aspect: shape });
  const [model] = laid;
  const part = laid.at(-1);
  if (!model || !part || part === model) return figure;
  const scale = to.height / model.height;
  const turned = model.flip === to.flip ? 1 : -1;
  const { with: _with, ...free } = figure;
  return {
    ...free,
    x: round(to.x + (part.x - model.x) * scale * turned),
    y: round(to.y + (part.y - model.y) * scale),
    height: round(clamp(part.height * scale, 0.005, 1.4)),
    flip: turned === 1 ? part.flip : !part.flip,
    rotation: part.rotation,
    depth: round(to.depth + part.depth - model.depth),
    ...(part.with === undefined ? {} : { with: to.id }),
  };
}
