import type { Figure, FigureBox, Scene } from '../../shared/scene.ts';
import {
  halo,
  haloAround,
  hundredths,
  lap,
  lapAround,
  placeFigure,
  shadowColour,
  shadowOpacity,
  shadowUnder,
  type Area,
  type Ellipse,
  type FigureLayer,
  type Placing,
  type SketchLayers,
} from '../../shared/sketch-layers.ts';
import { figureAnatomy, figureBox, paintedBox } from './anatomy.ts';
import { light, recolour } from './colour.ts';
import { figureInfo } from './lexicon.ts';
import { placeNamed } from './places.ts';
import { hashText, mulberry32 } from './random.ts';
import { paintPlace, paintWeather, sceneLight, type Easel } from './scenery.ts';

/** Scene in, SVG out. No clock, no chance but the scene's seed: the same scene gives the same bytes. */

/** Pixels a sketch has when nothing else is asked. */
export const sketchSize = { width: 1536, height: 864 };

const n = (value: number): string => String(hundredths(value));

/** Figures keep more of their colour than the scenery does, so that they can be made out at night. */
const figureLight: Record<Scene['time'], readonly [number, number, number]> = {
  dawn: [1, 0.96, 0.93],
  day: [1, 1, 1],
  dusk: [0.96, 0.86, 0.86],
  night: [0.62, 0.68, 0.86],
};

const glowing: ReadonlySet<string> = new Set([
  'fire',
  'candle',
  'sun',
  'sun-with-face',
  'full-moon',
  'full-moon-face',
  'crescent-moon',
  'star',
  'glowing-star',
  'shooting-star',
  'diya-lamp',
  'jack-o-lantern',
  'light-bulb',
  'red-paper-lantern',
  'fireworks',
  'sparkler',
  'high-voltage',
  'prop-lamp',
  'prop-fireplace',
  'prop-street-lamp',
  'comet',
  'flashlight',
  'ghost',
]);

/** The blue of the water under the set's boats. */
const boatWater: ReadonlySet<string> = new Set(['#00a6ed', '#5092ff', '#46b5e8']);
const waterColour: Readonly<Record<string, string>> = {
  sea: '#3585bd',
  beach: '#57b4d6',
  lake: '#76bcdf',
  river: '#5bb0d8',
};

const moodTint: Partial<Record<Scene['mood'], readonly [string, number]>> = {
  happy: ['#ffd45e', 0.07],
  sad: ['#4f6f9f', 0.2],
  angry: ['#d23a2a', 0.14],
  scared: ['#2a1f55', 0.24],
  calm: ['#9fd0d8', 0.08],
};

/** Gives every id of a piece of artwork a prefix, so that a figure drawn twice does not share definitions. */
function ownIds(svg: string, prefix: string): string {
  if (!svg.includes('id="')) return svg;
  return svg
    .replaceAll(/\bid="([^"]+)"/g, `id="${prefix}$1"`)
    .replaceAll(/url\(#([^)]+)\)/g, `url(#${prefix}$1)`)
    .replaceAll(/href="#([^"]+)"/g, `href="#${prefix}$1"`);
}

/** The rectangle a figure fills, in fractions of a picture whose width is `aspect` times its height. */
export function figureRect(figure: Figure, aspect: number): { x: number; y: number; w: number; h: number } {
  const box = figureBox(figure.icon);
  const w = (figure.height * box.w) / box.h / aspect;
  return { x: figure.x - w / 2, y: figure.y - figure.height, w, h: figure.height };
}

/**
 * The box around what a figure paints, shadow and halo aside, in a picture whose width is `aspect` times its height.
 * It is turned about its own middle, as a frame around it on a page is.
 */
export function boxOf(figure: Figure, aspect: number): FigureBox {
  const layout = figureBox(figure.icon);
  const paint = paintedBox(figure.icon);
  // In heights of the picture, from the foot; y grows downwards.
  const scale = figure.height / layout.h;
  const width = paint.w * scale;
  const height = paint.h * scale;
  const aside = (paint.x + paint.w / 2 - (layout.x + layout.w / 2)) * scale * (figure.flip ? -1 : 1);
  const up = (paint.y + paint.h / 2 - (layout.y + layout.h)) * scale;
  // The drawing turns about the middle of the layout box, so the middle of the paint goes round that.
  const pivot = -figure.height / 2;
  const angle = (figure.rotation * Math.PI) / 180;
  const x = aside * Math.cos(angle) - (up - pivot) * Math.sin(angle);
  const y = pivot + aside * Math.sin(angle) + (up - pivot) * Math.cos(angle);
  return {
    id: figure.id,
    x: figure.x + (x - width / 2) / aspect,
    y: figure.y + y - height / 2,
    width: width / aspect,
    height,
    rotation: figure.rotation,
  };
}

/**
 * A few figures without a background, cut to what they paint: for lists and for the cast.
 * @param height pixels of the picture; its width follows from the figures.
 * @param seed the seed of their scene, for the clothes of people who are nobody in particular.
 * @throws FabulaError `invalid-input` when a figure's icon is not known.
 */
export function drawFigures(figures: readonly Figure[], height = 96, seed = 0): string {
  const boxes = figures.map((figure) => boxOf(figure, 1));
  const left = Math.min(...boxes.map((box) => box.x));
  const top = Math.min(...boxes.map((box) => box.y));
  const wide = Math.max(...boxes.map((box) => box.x + box.width)) - left;
  const high = Math.max(...boxes.map((box) => box.y + box.height)) - top;
  const unit = height / high;
  const drawn = figures
    .map((figure, at) => ({ figure, at }))
    .sort((a, b) => a.figure.depth - b.figure.depth || a.at - b.at)
    .map(({ figure, at }) => {
      const { svg, box } = figureAnatomy(figure.icon, clothesSeed(figure, seed), figure.hue);
      const scale = figure.height / box.h;
      const turn = figure.rotation === 0 ? '' : `rotate(${n(figure.rotation)} 0 ${f(-figure.height / 2)}) `;
      const place = `translate(${f(-(box.x + box.w / 2) * scale)} ${f(-(box.y + box.h) * scale)}) scale(${f(scale)})`;
      return `<g transform="translate(${f(figure.x)} ${f(figure.y)}) ${turn}${figure.flip ? 'scale(-1 1) ' : ''}${place}">${ownIds(svg, `f${at}-`)}</g>`;
    });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${n(wide * unit)}" height="${n(height)}" ` +
    `viewBox="${f(left)} ${f(top)} ${f(wide)} ${f(high)}">${drawn.join('')}</svg>`
  );
}

/** Members of a cast wear the same clothes in every sketch. */
function clothesSeed(figure: Figure, seed: number): number {
  return figure.cast === undefined ? hashText(figure.id, seed & 0xff) : hashText(figure.cast);
}

/** Fractions of a picture need more digits than its pixels. */
const f = (value: number): string => String(Math.round(value * 1e6) / 1e6);

/** Definitions of one document; their ids are unique in it. */
class Definitions {
  readonly all: string[] = [];

  readonly define = (make: (id: string) => string): string => {
    const id = `p${this.all.length}`;
    this.all.push(make(id));
    return id;
  };
}

/** What a scene is drawn with before its figures. */
interface Stage {
  readonly easel: Easel;
  readonly indoor: boolean;
  readonly shelter: boolean;
}

function setStage(scene: Scene, { width: w, height: h }: Size, define: Easel['define']): Stage {
  const indoor = placeNamed(scene.place).indoor === true || scene.place === 'cave';
  const shelter = indoor || scene.place === 'space' || scene.place === 'moon' || scene.place === 'underwater';
  const easel: Easel = {
    w,
    h,
    time: scene.time,
    weather: scene.weather,
    shown: new Set(scene.figures.map((figure) => figure.icon)),
    sun: !scene.figures.some((figure) => /^(?:sun|full-moon|crescent-moon|new-moon)/.test(figure.icon)),
    random: mulberry32(scene.seed ^ hashText(scene.place)),
    lit: indoor ? roomLight(scene.time) : sceneLight(scene.time, shelter ? 'clear' : scene.weather),
    define,
  };
  return { easel, indoor, shelter };
}

interface Size {
  width: number;
  height: number;
}

/** One figure on its stage: where it lies, what goes with it, and its artwork. */
interface Staged {
  readonly figure: Figure;
  readonly place: Placing;
  readonly art: Area;
  readonly shadow: boolean;
  readonly halo: boolean;
  /** The colour of the water around its foot; null where it stands in none. */
  readonly lap: string | null;
  /** Names everything the artwork depends on. */
  readonly key: string;
  /** The artwork in the light of the scene, with ids of its own. */
  artwork(prefix: string): string;
}

function stageFigure(figure: Figure, scene: Scene, { easel, indoor }: Stage): Staged {
  const { w, h } = easel;
  const place = placeNamed(scene.place);
  const clothes = clothesSeed(figure, scene.seed);
  const info = figureInfo(figure.icon);
  const art = figureBox(figure.icon);
  const stands =
    info?.habitat === 'ground' ||
    info?.habitat === 'far' ||
    info?.habitat === 'table' ||
    info?.habitat === 'hand';
  const floats = place.floating === true || scene.place === 'underwater';
  const wet =
    place.water !== undefined &&
    figure.y > place.water[0] &&
    (place.ground === undefined || figure.y < place.ground[0] - 0.02);
  const held = Math.abs(figure.rotation) > 0 || isOnOther(figure, scene, w / h);
  const tinted = scene.time !== 'day' && !glowing.has(figure.icon) && !(indoor && scene.time !== 'night');
  const shade = indoor ? roomShade : figureLight[scene.time];
  // The strip of water under a boat takes the colour of the water it is on.
  const afloat = place.water !== undefined && info?.habitat === 'water';
  const around = afloat ? easel.lit(waterColour[scene.place] ?? '#4a9fcc') : '';
  return {
    figure,
    place: placeFigure(figure, art, { width: w, height: h }),
    art,
    shadow: stands && !floats && !wet && !held,
    halo: /^(?:full-moon|crescent-moon|sun)/.test(figure.icon),
    lap: stands && wet && !held && info?.habitat === 'ground' ? easel.lit('#7cc8e6') : null,
    key: [figure.icon, clothes, figure.hue ?? '', tinted ? shade.join(' ') : '', around].join('/'),
    artwork: (prefix) => {
      const svg = ownIds(figureAnatomy(figure.icon, clothes, figure.hue).svg, prefix);
      if (!tinted && !afloat) return svg;
      return recolour(svg, (colour) =>
        afloat && boatWater.has(colour) ? around : tinted ? light(colour, shade) : colour,
      );
    },
  };
}

/** The light in which figures are seen in a room at night. */
const roomShade = [0.84, 0.82, 0.9] as const;

/** From the farthest to the nearest, with their places in the scene's list. */
function drawingOrder(scene: Scene): { figure: Figure; at: number }[] {
  return scene.figures
    .map((figure, at) => ({ figure, at }))
    .sort((a, b) => a.figure.depth - b.figure.depth || a.at - b.at);
}

/** What lies over the figures: the weather, the mood and the darker edge. */
function paintFront(scene: Scene, { easel, shelter }: Stage): string {
  const { w, h } = easel;
  const weather = paintWeather(easel, shelter);
  const [tint, strength] = moodTint[scene.mood] ?? ['#000000', 0];
  const mood = strength > 0 ? `<rect width="${w}" height="${h}" fill="${tint}" opacity="${strength}"/>` : '';
  const edge = easel.define(
    (id) =>
      `<radialGradient id="${id}" cx="0.5" cy="0.45" r="0.75"><stop offset="0.7" stop-color="#1a1430" stop-opacity="0"/><stop offset="1" stop-color="#1a1430" stop-opacity="0.2"/></radialGradient>`,
  );
  return `${weather}${mood}<rect width="${w}" height="${h}" fill="url(#${edge})"/>`;
}

function svgDocument({ width: w, height: h }: Size, defs: readonly string[], content: string): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}">` +
    `<defs>${defs.join('')}</defs>${content}</svg>`
  );
}

/**
 * Draws a scene.
 * @param scene a valid scene; its figures are drawn in order of depth, then of the list.
 * @param size pixels, 1536 x 864 when absent. Positions are fractions, so another shape shows the same composition.
 * @returns a complete SVG document. Nothing of the scene's texts gets into it.
 * @throws FabulaError `invalid-input` when the place or a figure's icon is not known.
 */
export function drawScene(scene: Scene, size: Size = sketchSize): string {
  const definitions = new Definitions();
  const stage = setStage(scene, size, definitions.define);
  const { h } = stage.easel;
  const background = paintPlace(scene.place, stage.easel);
  const shadows: string[] = [];
  const drawn: string[] = [];
  for (const { figure, at } of drawingOrder(scene)) {
    const staged = stageFigure(figure, scene, stage);
    const { place } = staged;
    if (staged.shadow) {
      shadows.push(
        ellipse(shadowUnder(place, h), `fill="${shadowColour}" opacity="${shadowOpacity(scene.time)}"`),
      );
    }
    if (staged.halo) {
      const { colour, opacity, from } = halo;
      const glow = definitions.define(
        (id) =>
          `<radialGradient id="${id}"><stop offset="${from}" stop-color="${colour}" stop-opacity="${opacity}"/><stop offset="1" stop-color="${colour}" stop-opacity="0"/></radialGradient>`,
      );
      const { x, y, rx } = haloAround(place);
      drawn.push(`<circle cx="${n(x)}" cy="${n(y)}" r="${n(rx)}" fill="url(#${glow})"/>`);
    }
    const turn =
      figure.rotation === 0
        ? ''
        : `rotate(${n(figure.rotation)} ${n(place.x)} ${n(place.y - place.high / 2)}) `;
    const mirror = figure.flip ? `translate(${n(2 * place.x)} 0) scale(-1 1) ` : '';
    drawn.push(
      `<g transform="${turn}${mirror}translate(${n(place.left)} ${n(place.top)}) scale(${n(place.scale)})">${staged.artwork(`f${at}-`)}</g>`,
    );
    if (staged.lap !== null) {
      const water = lapAround(place);
      drawn.push(
        ellipse(water, `fill="${staged.lap}" opacity="${lap.opacity}"`) +
          ellipse(
            water,
            `fill="none" stroke="${lap.rim}" stroke-opacity="${lap.rimOpacity}" stroke-width="${n(h * lap.rimWidth)}"`,
          ),
      );
    }
  }
  const front = paintFront(scene, stage);
  return svgDocument(size, definitions.all, `${background}${shadows.join('')}${drawn.join('')}${front}`);
}

function ellipse({ x, y, rx, ry }: Ellipse, paint: string): string {
  return `<ellipse cx="${n(x)}" cy="${n(y)}" rx="${n(rx)}" ry="${n(ry)}" ${paint}/>`;
}

/**
 * Draws a scene in layers, which put over each other show what {@link drawScene} draws. Keys of documents name
 * everything these depend on, so that a document is made only when it is new.
 *
 * @param has whether a document is there already, by its key
 * @throws FabulaError as {@link drawScene}
 */
export function drawLayers(
  scene: Scene,
  has: (key: string) => boolean,
  size: Size = sketchSize,
): SketchLayers {
  const behind = new Definitions();
  let definitions = behind;
  const stage = setStage(scene, size, (make) => definitions.define(make));
  const documents: Record<string, string> = {};
  const { place, time, weather, mood, seed } = scene;
  const icons = [...stage.easel.shown].sort().join(' ');
  const scenery = [place, time, weather, seed, size.width, size.height, icons].join('/');
  const back = `back/${scenery}`;
  const front = `front/${mood}/${scenery}`;
  if (!has(back) || !has(front)) {
    // The weather goes on with the random numbers of the place.
    const background = paintPlace(place, stage.easel);
    if (!has(back)) documents[back] = svgDocument(size, behind.all, background);
    definitions = new Definitions();
    const content = paintFront(scene, stage);
    if (!has(front)) documents[front] = svgDocument(size, definitions.all, content);
  }
  const figures = scene.figures.map((figure): FigureLayer => {
    const { key, art, shadow, halo: glows, lap: water, artwork } = stageFigure(figure, scene, stage);
    const drawing = `figure/${key}`;
    const view = paintedView(figure.icon, art);
    if (!has(drawing) && !(drawing in documents)) {
      documents[drawing] =
        `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${n(view.w * 8)}" height="${n(view.h * 8)}" ` +
        `viewBox="${n(view.x)} ${n(view.y)} ${n(view.w)} ${n(view.h)}">${artwork('f-')}</svg>`;
    }
    const box = boxOf(figure, size.width / size.height);
    return { drawing, art, view, shadow, halo: glows, lap: water, box };
  });
  return { ...size, back, front, figures, documents };
}

/** What a picture of a figure's artwork must show, so that nothing of it is cut off. */
function paintedView(icon: string, art: Area): Area {
  const paint = paintedBox(icon);
  const [left, top] = [Math.min(art.x, paint.x, 0) - viewMargin, Math.min(art.y, paint.y, 0) - viewMargin];
  const right = Math.max(art.x + art.w, paint.x + paint.w, 32) + viewMargin;
  const bottom = Math.max(art.y + art.h, paint.y + paint.h, 32) + viewMargin;
  return { x: left, y: top, w: right - left, h: bottom - top };
}

/** Artwork is drawn on a field of 32 × 32; this much around it is shown, too. */
const viewMargin = 4;

/** Lamps are lit indoors, so a room never gets as dark as a field. */
function roomLight(time: Scene['time']): (hex: string) => string {
  const factor = (
    { dawn: [1, 0.95, 0.92], day: [1, 1, 1], dusk: [0.9, 0.8, 0.8], night: [0.58, 0.54, 0.66] } as const
  )[time];
  return (hex) => light(hex, factor);
}

/** True where a figure's foot rests on, or in, another figure: it then casts no shadow on the ground. */
function isOnOther(figure: Figure, scene: Scene, aspect: number): boolean {
  return scene.figures.some((other) => {
    if (other === figure || other.height <= 0) return false;
    const rect = figureRect(other, aspect);
    return (
      figure.x > rect.x &&
      figure.x < rect.x + rect.w &&
      figure.y < rect.y + rect.h - 0.015 &&
      figure.y > rect.y - 0.01 &&
      Math.abs(figure.depth - other.depth) < 0.02
    );
  });
}
