import type { ExportOptions } from '../../shared/contract.ts';
import {
  gutterOf,
  layoutOf,
  pageSize,
  placeCanBeChosen,
  sideMargin,
  type Layout,
} from '../../shared/layout.ts';
import type { Story } from '../../shared/story.ts';
import { fillFields, namesPage, piecesOf, type RunningPiece } from './fields.ts';
import { chooseFonts } from './fonts.ts';
import {
  directionOf,
  paragraphs,
  primaryOf,
  textContext,
  type Paragraph,
  type TextContext,
} from './paragraphs.ts';
import type { ChosenPanel, Selection } from './pictures.ts';
import { printedWords } from './words.ts';

/** A duration as printed: `2.5 s`. */
export function secondsOf(duration: number): string {
  return `${Math.round(duration * 100) / 100} s`;
}

/** Size of running text in points, and space between cells in millimetres, by how many cells share a page. */
function scaleOf(layout: Layout): { textSize: number; gutter: number; rowGap: number } {
  const { kind, columns, rows } = layout;
  if (kind === 'picture-book') return { textSize: 11, gutter: 8, rowGap: 8 };
  if (kind === 'script-left') return { textSize: 10.5, gutter: 8, rowGap: 8 };
  if (kind === 'film-strip') return { textSize: 9, gutter: 4, rowGap: 9 };
  const cells = Math.max(columns * 1.2, rows);
  const textSize = [12, 10.5, 9.5, 8.5, 7.5][Math.min(4, Math.floor(cells - 0.2))]!;
  return { textSize, gutter: gutterOf(layout), rowGap: rows > 2 ? 6 : 9 };
}

/** How the page design wants a paragraph. */
interface PrintedParagraph {
  lines: string[];
  lang: string;
  region: string | null;
  rtl: boolean;
  /** Which order of fonts to try. */
  font: 'ja' | 'ko' | 'zh' | 'other';
  /** Scripts whose lines need more room. */
  tall: boolean;
  /** Evens out how large the fonts of the scripts look at one size. */
  scale: number;
}

/** A paragraph of a header or footer, whose lines may count pages. */
type RunningParagraph = Omit<PrintedParagraph, 'lines'> & { lines: RunningPiece[][] };

/** The picture of an image block, as pages are laid out by it. */
export interface PageImage {
  /** Path in the typesetter's workspace; null prints a frame with the alternative text in place of the picture. */
  file: string | null;
  /** True while the picture is still being read: its frame stays empty. */
  waiting: boolean;
  width: number;
  height: number;
  alt: string;
}

export interface PageParts {
  options: ExportOptions;
  selection: Selection;
  /** The picture of an image block, undefined where the block waits for one. */
  imageOf: (block: string) => PageImage | undefined;
  /** What `{date}` stands for. */
  date: Date;
}

/**
 * All that the page design (resources/typst/story.typ) is told: what stands on the pages, in which order, language and
 * direction, and which fonts it takes. An export and its preview come from here alike.
 */
export function designPages(story: Story, { options, selection, imageOf, date }: PageParts) {
  const { chosen, language } = selection;
  const layout = layoutOf(options.layout, options.orientation);
  const words = printedWords(language);
  const context = textContext(
    story.settings.language,
    chosen.flatMap(({ panel }) => panel.blocks.map((block) => (block.type === 'text' ? block.text : ''))),
  );
  const used: Paragraph[] = [];
  const strong: string[] = [];
  const set = (text: string, inBold = false): PrintedParagraph[] => {
    const found = paragraphs(text, context);
    used.push(...found);
    if (inBold) strong.push(text);
    return found.map((paragraph) => printed(paragraph));
  };
  const running = (text: string): RunningParagraph[] =>
    set(fillFields(text, story, date, language)).map((paragraph) => ({
      ...paragraph,
      lines: paragraph.lines.map(piecesOf),
    }));
  // A word of Fabula's own, in the story's language.
  const word = (text: string) => set(text, true)[0]!;
  // A picture book has one panel a page, which the page number counts already.
  const numberOf = (number: number) => (layout.kind === 'picture-book' ? '' : String(number));
  const shapes: number[] = [];
  const imageItem = (block: string, caption: string) => {
    const image = imageOf(block);
    if (image === undefined) return undefined;
    if (image.file === null && !image.waiting) used.push(...paragraphs(image.alt, context));
    else shapes.push(image.width / image.height);
    return { kind: 'image', ...image, caption: options.captions ? set(caption) : [] };
  };
  const panels = chosen.map(({ panel, number }) => ({
    number,
    shot: options.shotNumbers ? set(panel.shot.trim() === '' ? numberOf(number) : panel.shot, true) : [],
    duration: options.durations ? secondsOf(panel.duration ?? story.settings.panelDuration) : null,
    blocks: panel.blocks.flatMap((block): object[] => {
      if (block.type === 'text') {
        const text = options.text ? set(block.text) : [];
        return text.length === 0 ? [] : [{ kind: 'text', paragraphs: text }];
      }
      const image = imageItem(block.id, block.caption);
      return image === undefined ? [] : [image];
    }),
    dialogue: options.dialogue ? set(panel.dialogue) : [],
    notes: options.notes ? set(panel.notes) : [],
  }));
  const titleText = set(story.title, true)[0] ?? null;
  const labelled = chosen.some(({ panel }) => panel.notes.trim() !== '' || panel.dialogue.trim() !== '');
  const first = chosen
    .flatMap(({ panel }) => panel.blocks)
    .map((block) => (block.type === 'image' ? imageOf(block.id) : undefined))
    .find((image) => image !== undefined && (image.file !== null || image.waiting));
  const page = pageSize(options);
  const margin = { x: sideMargin, top: options.header.trim() === '' ? 18 : 24, bottom: 22 };
  const numbersItself = namesPage(options.header) || namesPage(options.footer);
  const data = {
    title: story.title === '' ? words.untitled : story.title,
    author: story.settings.author === '' ? [] : [story.settings.author],
    lang: printed({ lines: [], lang: language, dir: 'ltr' }).lang,
    region: regionOf(language),
    rtl: rightToLeft(chosen, context),
    paper: options.page === 'a4' ? 'a4' : 'us-letter',
    flipped: options.orientation === 'landscape',
    margin,
    area: { width: page.width - 2 * margin.x, height: page.height - margin.top - margin.bottom },
    ...scaleOf(layout),
    layout,
    place: placeCanBeChosen(options) ? options.place : 'auto',
    aspect: commonShape(shapes),
    titleText,
    byline: set(story.settings.author),
    cover: options.cover ? { picture: first ?? null } : null,
    header: running(options.header),
    footer: running(options.footer),
    pageNumbers: options.pageNumbers && !numbersItself,
    longWords: used.some(({ lines }) => lines.some((line) => longWord.test(line))),
    words: {
      ...(layout.kind === 'script-left'
        ? { shot: word(words.shot), script: word(words.script), picture: word(words.picture) }
        : {}),
      ...(labelled ? { notes: word(words.notes), dialogue: word(words.dialogue) } : {}),
    },
    panels,
  };
  const text = used.flatMap((paragraph) => paragraph.lines).join('\n');
  const fonts = chooseFonts(
    text,
    strong.join('\n'),
    new Set(used.map((paragraph) => primaryOf(paragraph.lang))),
  );
  return { data: { ...data, fonts: fonts.order }, fonts: fonts.files };
}

/** A word that a narrow column may be too small for. */
const longWord = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]{18,}/u;

/** Languages written in the Arabic script. */
const arabic = ['ar', 'fa', 'ur', 'ps', 'ckb', 'sd', 'ug'];

/** Whether pages run from right to left: by the story's language, else by most of its text. */
function rightToLeft(chosen: readonly ChosenPanel[], { language }: TextContext): boolean {
  if (language !== '') return [...arabic, 'he', 'yi', 'dv', 'syr'].includes(primaryOf(language));
  const texts = chosen.flatMap(({ panel }) =>
    panel.blocks.flatMap((block) => (block.type === 'text' ? [block.text] : [])),
  );
  const directions = texts.filter((text) => /\p{L}/u.test(text)).map(directionOf);
  return directions.filter((direction) => direction === 'rtl').length * 2 > directions.length;
}

function printed({ lines, lang, dir }: Paragraph): PrintedParagraph {
  const primary = primaryOf(lang);
  const font = primary === 'ja' || primary === 'ko' || primary === 'zh' ? primary : 'other';
  return {
    lines,
    // Typst takes ISO 639 codes of two or three letters.
    lang: /^[a-z]{2,3}$/.test(primary) ? primary : 'en',
    region: regionOf(lang),
    rtl: dir === 'rtl',
    font,
    scale: font !== 'other' ? 0.95 : arabic.includes(primary) ? 1.18 : 1,
    tall: font !== 'other' || [...arabic, 'hi', 'mr', 'ne', 'sa', 'th'].includes(primary),
  };
}

function regionOf(tag: string): string | null {
  return /^[a-z]{2,3}(?:-[A-Za-z]{4})?-([A-Za-z]{2})\b/.exec(tag)?.[1]?.toUpperCase() ?? null;
}

/** The shape most pictures have, so that most fill their frames: width over height, from 4:5 to 16:9. */
function commonShape(shapes: readonly number[]): number {
  let best = { shape: 16 / 9, near: -1 };
  for (const candidate of new Set(shapes.map((shape) => Math.round(shape * 100) / 100))) {
    const near = shapes.filter((shape) => Math.abs(Math.log(shape / candidate)) < 0.1).length;
    if (near > best.near) best = { shape: candidate, near };
  }
  return Math.min(16 / 9, Math.max(4 / 5, best.shape));
}
