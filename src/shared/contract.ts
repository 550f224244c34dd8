import { z } from 'zod';
import type { Condition } from './condition.ts';
import { EditSchema, type Edit } from './edits.ts';
import type { ErrorCode, Json } from './errors.ts';
import type { MessageKey, MessageValues } from './messages.ts';
import type { MixNote } from './mix.ts';
import { pyramidLayers, type Pyramid } from './pyramid.ts';
import { FigureSchema, SceneSchema, type Figure, type Scene } from './scene.ts';
import { SettingsSchema, type Settings } from './settings.ts';
import type { SketchLayers } from './sketch-layers.ts';
import type { TasteTopic } from './taste-topics.ts';
import { AssetIdSchema, CastMemberSchema, IdSchema, type ImageVersion, type Story } from './story.ts';
import { tellingLengths } from './telling.ts';

/**
 * Every command and event of the studio, once: name, input schema, output type. The doors (ipc, http) carry this
 * table and nothing else; the renderer and the command line are typed by it.
 */

// Records that commands answer with

/** Who wrote a caption: a person, a model of a pack, or the metadata of the file itself. */
export type CaptionSource = 'person' | 'model' | 'file';

export interface Caption {
  text: string;
  source: CaptionSource;
  /** `pack@revision` of the model, or null where no model wrote it. */
  pack: string | null;
  createdAt: string;
}

/** How an asset came into the library. */
export type AssetOrigin = 'imported' | 'sketched' | 'painted';

export interface Asset {
  /** SHA-256 of the asset's bytes. */
  id: string;
  /** File name without folders. */
  name: string;
  /** The folder the file was imported from, for showing; empty for drawn or uploaded pictures. */
  folder: string;
  /** `image/jpeg`, … as found in the bytes. */
  mime: string;
  /** Pixels, after EXIF orientation. */
  width: number;
  height: number;
  bytes: number;
  /** When the picture was taken (EXIF), ISO 8601 without zone where the camera gave none; null when not known. */
  takenAt: string | null;
  importedAt: string;
  origin: AssetOrigin;
  caption: Caption | null;
  /** In alphabetical order. */
  tags: string[];
  /** The picture, blurred, in some 25 bytes (ThumbHash, base64), shown until it has come; null while there is none. */
  thumbHash: string | null;
}

/** A caption that an asset has or had. */
export interface CaptionRecord extends Caption {
  number: number;
  /** How a model was asked, and what was done to the caption since. */
  settings: Json;
  /** Whether it is the one shown. */
  shown: boolean;
}

export interface TagCount {
  name: string;
  count: number;
}

/**
 * How many pictures of a filter there are of each kind. Each list leaves out what the filter says about itself, but for
 * tags, which narrow further.
 */
export interface FacetCounts {
  /** Pictures that fit the whole filter. */
  total: number;
  folders: { folder: string; count: number }[];
  /** `2019-08`. */
  months: { month: string; count: number }[];
  undated: number;
  tags: TagCount[];
  /** Labels of a person's own. */
  labels: TagCount[];
  /** Words of the pyramids, the most frequent first. */
  words: { word: string; count: number }[];
  captioned: number;
  uncaptioned: number;
  writers: { source: CaptionSource; pack: string | null; count: number }[];
  origins: { origin: AssetOrigin; count: number }[];
}

/** A label of a person's own, and what was answered about it. */
export interface Label {
  id: string;
  name: string;
  /** Pictures answered with yes, and with no. */
  yes: number;
  no: number;
  /** Pictures that have it. */
  pictures: number;
}

export interface LabelledPicture {
  asset: Asset;
  /** That the picture has the label, 0..1. */
  probability: number;
  /** Whether it has the label now. */
  labelled: boolean;
  answer: boolean | null;
}

/** A label with the library's pictures, the likeliest first. */
export interface LabelView {
  label: Label;
  total: number;
  pictures: LabelledPicture[];
  /** The picture whose answer would tell most; null where all are answered. */
  question: { asset: Asset; probability: number } | null;
}

/** Part of a text: as it was, taken out, or put in. */
export type TextChange = { kind: 'same' | 'removed' | 'added'; text: string };

export interface CaptionReplacement {
  asset: Asset;
  after: string;
  changes: TextChange[];
}

export interface CaptionReplacements {
  /** Captions that would change, and places found in them, also where replacing changes nothing. */
  pictures: number;
  places: number;
  /** The first of them. */
  replacements: CaptionReplacement[];
}

/** A picture's caption as it is, and as a batch would leave it. */
export interface CaptionPreview {
  asset: Asset;
  /** Null where the options leave the picture as it is. */
  after: string | null;
  /** Why there is no caption; null when there is one. */
  error: string | null;
}

export type ReviewState = 'waiting' | 'accepted' | 'edited' | 'rejected';

export interface ReviewItem {
  asset: Asset;
  state: ReviewState;
}

/** The queue of captions to be reviewed. */
export interface Review {
  total: number;
  counts: Record<ReviewState, number>;
  /** Position of the first picture that waits for a decision; null when all are decided. */
  next: number | null;
}

export const jobStates = ['queued', 'running', 'paused', 'done', 'cancelled', 'failed'] as const;
export type JobState = (typeof jobStates)[number];
export type JobKind = 'import' | 'caption' | 'write' | 'illustrate' | 'export';

/** What a job does, as a message and what is filled into it. */
export interface JobTitle {
  key: MessageKey;
  values: MessageValues;
}

export interface Job {
  id: string;
  kind: JobKind;
  /** One line for a person, in English: `Caption 24 pictures`. */
  label: string;
  /** The same line for a window, which words it in its own language; null for a job of an older Fabula. */
  title: JobTitle | null;
  state: JobState;
  /** Items finished, failed ones included. */
  done: number;
  total: number;
  failed: number;
  createdAt: string;
  updatedAt: string;
  /** Why the job as a whole stopped, when `state` is `failed`. */
  error: string | null;
}

export interface JobItemError {
  /** The file or panel, as a person knows it. */
  item: string;
  code: string;
  message: string;
}

export interface SearchHit {
  asset: Asset;
  /** Cosine similarity, -1..1, or null where the hit came from words alone. */
  similarity: number | null;
  /** Calibrated probability, 0..1, that the picture shows what was asked; null for picture queries. */
  confidence: number | null;
  /** True when the query's words stand in the caption or file name. */
  words: boolean;
}

export interface SearchAnswer {
  hits: SearchHit[];
  /** False when nothing in the library is likely to be what was asked. */
  good: boolean;
  /** What the encoder was asked, when the query's words were translated first; else null. */
  translated: string | null;
}

/** What a picture to be mixed was understood by: a sketch's own scene, the words seen on it, its caption or its name. */
export type MixSource = 'scene' | 'words' | 'caption' | 'name';

/** A picture understood and changed in words. */
interface Mixed {
  source: MixSource;
  /** The words by which the first picture was understood; empty for a sketch's own scene. */
  understood: string;
  /** What was changed, what was not, and what was kept. */
  notes: MixNote[];
  /** The changed picture, in English. */
  description: string;
}

export interface MixFound extends Mixed {
  /** Best first; a confidence is the probability that a picture shows what the changed one would. */
  hits: SearchHit[];
  /** False when nothing in the library is likely to be what was asked. */
  good: boolean;
}

export interface MixDrawn extends Mixed {
  scene: Scene;
  /** The first picture's, before the change. */
  before: Scene;
}

export interface Candidate {
  asset: string;
  source: 'retrieved' | 'sketched';
  /**
   * For a retrieved candidate: the probability that it shows what was asked, by its looks (calibrated) and by the words
   * of its caption and name; null where only pictures were asked for, which is not calibrated. For a sketch: the share
   * of the named things it draws.
   */
  confidence: number | null;
  /** The words of the query that stand in a retrieved picture's caption (unless a model wrote it) or name. */
  words: string[];
  seed: number | null;
  scene: Scene | null;
  /** The retrieved asset's caption, or its name; empty for a sketch. */
  note: string;
}

/** One sentence of why a choice is suggested: a message of `match` (`reason…`), and the values it needs. */
export interface Reason {
  code: ReasonCode;
  values: { readonly [name: string]: string | number | readonly string[] };
}

export const reasonCodes = [
  /** The panel has no words. */
  'reasonNoWords',
  /** picture, share: the best of the library, by its looks alone. */
  'reasonNearest',
  /** picture, share, words: the best of the library, whose words are those asked. */
  'reasonWords',
  /** picture: the library's most like the pictures given. */
  'reasonLike',
  /** The library has no pictures. */
  'reasonEmpty',
  /** The library has nothing left to offer. */
  'reasonNothing',
  /** message: the library could not be searched. */
  'reasonUnsearchable',
  /** drawn, named, things: what a sketch shows. */
  'reasonSketch',
  /** Nothing that is named can be drawn: a sketch shows the place alone. */
  'reasonPlace',
  /** topic, choice: what the person has mostly taken for texts like this. */
  'reasonTaste',
  /** Neither kind of candidate is good, and what can be done about it. */
  'reasonNeither',
  /** things: the panel names nothing that can be drawn, so the sketch shows what the panels before tell of. */
  'reasonCondition',
] as const;
export type ReasonCode = (typeof reasonCodes)[number];

export interface Match {
  panel: string;
  query: string;
  retrieved: Candidate[];
  sketched: Candidate[];
  decision: {
    choice: 'retrieve' | 'sketch' | 'none';
    /** 0..1; null where only pictures were asked for. */
    confidence: number | null;
    /** Why, sentence by sentence, what speaks for the choice first. */
    because: Reason[];
    /** The same in English. */
    reason: string;
    /**
     * Log-odds of a drawing against a picture of the library before the person's taste was asked, to be noted with the
     * choice; null where only one of them is possible, or a fixed rule decided.
     */
    odds: number | null;
  };
  /** What the story tells of the picture, by the pack that reads stories; null where none does, or not this one. */
  condition: (Condition & { pack: string }) | null;
  /** Why the library could not be searched; null when it was. */
  problem: { code: ErrorCode; message: string; details: { [key: string]: Json } } | null;
}

/** A candidate as it was shown to the person. */
export const ShownSchema = z.object({
  asset: AssetIdSchema,
  source: z.enum(['retrieved', 'sketched']),
  confidence: z.number().min(0).max(1).nullable(),
  /** Place among the candidates of its source, from 0. */
  rank: z.number().int().min(0).max(1000),
});
export type Shown = z.infer<typeof ShownSchema>;

/** What a person took or refused when pictures were offered for a panel. */
export interface Choice {
  /** Grows with every choice. */
  number: number;
  story: string;
  /** The story's title now. */
  title: string;
  panel: string;
  query: string;
  /** Pictures that were part of the query. */
  like: string[];
  shown: Shown[];
  suggested: string | null;
  accepted: string | null;
  refused: string[];
  createdAt: string;
  /** The decision's `odds` when it was made; null where they were not noted. */
  odds: number | null;
  /** Whether suggestions do not learn from it. */
  leftOut: boolean;
}

/** What suggestions have learnt from what the person took. */
export interface Lessons {
  /** `pack@revision` of the pack that decides; null where none does, and nothing is learnt. */
  pack: string | null;
  /** Whether suggestions use it: a setting. */
  learning: boolean;
  /** Answers it rests on, and how many are left out. */
  answers: number;
  leftOut: number;
  topics: {
    topic: TasteTopic;
    /** The share of drawings this person would take for such texts, 0..1, were the evidence even; 0.5 is no opinion. */
    leaning: number;
    /** Whether it is sure enough to be said: the leaning lies a standard deviation or more from no opinion. */
    sure: boolean;
    /** Answers about such texts in which a drawing, and a picture of the library, was taken. */
    drawn: number;
    found: number;
  }[];
}

/**
 * A part of an answer, sent ahead of the whole to commands that were given a `request` id: match candidates as they
 * are found or drawn, a text as far as it is written (the whole text so far, so a part missed does no harm), or pages
 * whose pictures are still being read.
 */
export type RequestPart =
  | { kind: 'candidates'; source: Candidate['source']; candidates: Candidate[] }
  | { kind: 'text'; text: string }
  | { kind: 'caption'; preview: CaptionPreview }
  | { kind: 'preview'; preview: ExportPreview }
  /** How far work has come that has a known end. */
  | { kind: 'progress'; done: number; total: number };

/** What one figure looks like. */
export interface FigurePicture {
  icon: string;
  /** English name. */
  label: string;
  /** An SVG document, cut to the figure. */
  picture: string;
}

export interface FoundFigure extends FigurePicture {
  /** 0..1; 1 where the query names the figure. */
  score: number;
}

export interface CastLook extends FigurePicture {
  member: string;
  /** Hue rotation in degrees, or null for the figure's own colours. */
  hue: number | null;
}

/** Which parts of a picture its caption is written from: the picture as `side` x `side` parts, row by row. */
export interface CaptionRegions {
  side: number;
  /** How much each part is needed, 0..1. */
  need: number[];
  /** The parts that are kept; what the others hold is folded into these. */
  kept: number[];
  /** Who says so: `pack@revision`. */
  pack: string;
}

/** A text a model suggests, and who suggests it: `pack@revision`. */
export interface Suggestion {
  text: string;
  pack: string;
  /** How many pictures of the story the model looked at, where it reads stories. */
  pictures?: number;
}

export interface StorySummary {
  id: string;
  title: string;
  panels: number;
  updatedAt: string;
  /** Asset of the first picture, for a cover; null while there is none. */
  cover: string | null;
}

/**
 * What an entry of the history did: in the words of the window that did it, or, where no window did, as a message that
 * each window words in its own language.
 */
export type HistoryLabel = string | { key: MessageKey; values?: MessageValues };

/** What undo and redo would take back or do again; null when there is nothing. */
export interface HistoryState {
  undo: HistoryLabel | null;
  redo: HistoryLabel | null;
}

/** What undo or redo did, and what it would do next in the same scope. */
export interface HistoryStep extends HistoryState {
  label: HistoryLabel;
  /** The change of the story, when the entry was the story's. */
  change: StoryChange | null;
  /** Assets of the library that were changed, and those left as they are because somebody changed them since. */
  changed: number;
  kept: number;
}

/** A story as a window holds it: the record, its revision, and what can be undone in its window. */
export interface OpenStory extends HistoryState {
  story: Story;
  /** Grows by one with every saved edit. */
  revision: number;
}

export interface StoryChange extends HistoryState {
  id: string;
  revision: number;
  edit: Edit;
}

export interface PackSummary {
  id: string;
  name: string;
  revision: string;
  licence: string;
  roles: string[];
  bytes: number;
  /** Why the pack cannot be used; null when it can. */
  problem: string | null;
}

export interface Check {
  name: string;
  state: 'works' | 'limited' | 'fails';
  detail: string;
}

export interface About {
  version: string;
  node: string;
  dataDir: string;
  assets: number;
  stories: number;
  /** Whether the pack that captions can say which parts of a picture it looks at. */
  captionRegions: boolean;
}

// Inputs with options

export const captionModes = ['skip', 'overwrite', 'append', 'prepend'] as const;

/** Captions that a style is learned from. */
export const StyleExamplesSchema = z
  .array(z.string().trim().min(1).max(1000))
  .min(3, 'give three to eight examples')
  .max(8, 'give three to eight examples');

/** A caption style kept under a name. */
export interface SavedStyle {
  name: string;
  examples: string[];
}

export const CaptionOptionsSchema = z.object({
  /** What to do with a picture that has a caption. A person's caption is only replaced when `replacePerson` is true. */
  mode: z.enum(captionModes).default('skip'),
  replacePerson: z.boolean().default(false),
  prefix: z.string().max(500).default(''),
  suffix: z.string().max(500).default(''),
  /** How much to tell, from a word to a paragraph: 3 is the model's own sentence, the others draw on its words, too. */
  length: z.literal(tellingLengths).default(3),
  /** Captions of other pictures, in the style that is wanted; none for the model's own style. */
  examples: StyleExamplesSchema.or(z.tuple([])).default([]),
  /** The name of the saved style that the examples are of; kept with the captions. */
  style: z.string().max(100).default(''),
});
export type CaptionOptions = z.infer<typeof CaptionOptionsSchema>;

/** Where captions are written for other programs: an XMP file beside the picture, the picture itself, or a `.txt`. */
export const captionPlaces = ['sidecar', 'file', 'text'] as const;

export const CaptionWriteOptionsSchema = z.object({
  place: z.enum(captionPlaces).default('sidecar'),
  /** What to do with a description that stands there already. */
  mode: z.enum(captionModes).default('overwrite'),
});
export type CaptionWriteOptions = z.infer<typeof CaptionWriteOptionsSchema>;

export const exportFormats = ['pdf', 'html', 'markdown', 'fabula'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** `grid-2x3` is two columns and three rows of panels a page. */
export const LayoutSchema = z
  .string()
  .regex(
    /^(grid-[1-4]x[1-4]|film-strip|picture-book|script-left)$/,
    'use grid-1x1 to grid-4x4, film-strip, picture-book or script-left',
  );

/** What a header or footer may name in braces: `{title}`. */
export const pageFields = ['title', 'author', 'date', 'page', 'pages'] as const;
export type PageField = (typeof pageFields)[number];

export const ExportOptionsSchema = z.object({
  layout: LayoutSchema.default('grid-2x2'),
  page: z.enum(['a4', 'letter']).default('a4'),
  orientation: z.enum(['portrait', 'landscape']).default('portrait'),
  /** Pictures above their words or beside them, where the layout leaves the choice; `auto` takes what fits best. */
  place: z.enum(['auto', 'above', 'beside']).default('auto'),
  /** A page of its own for the title, with the story's first picture. */
  cover: z.boolean().default(false),
  /** The text of panels. */
  text: z.boolean().default(true),
  /** Captions under pictures. */
  captions: z.boolean().default(true),
  shotNumbers: z.boolean().default(true),
  /** At the foot of every page, unless header or footer name `{page}` themselves. */
  pageNumbers: z.boolean().default(true),
  durations: z.boolean().default(false),
  notes: z.boolean().default(false),
  dialogue: z.boolean().default(true),
  /** Printed at the top and bottom of every page, with its {@link pageFields} filled in; empty prints none. */
  header: z.string().max(500).default(''),
  footer: z.string().max(500).default(''),
  /** Only these panels, in story order; empty means all. */
  panels: z.array(IdSchema).max(20_000).default([]),
});
export type ExportOptions = z.infer<typeof ExportOptionsSchema>;

/** `2019`, `2019-08` or `2019-08-01`. */
const DateSchema = z.string().regex(/^\d{4}(-\d\d){0,2}$/, 'use a year, 2019-08 or 2019-08-01');
/** A word or two that a person files pictures under; one line. */
export const TagSchema = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}]*$/u, 'use one line');

/** How a story was exported last: offered again the next time. */
export const ExportChoiceSchema = z.object({
  format: z.enum(exportFormats).default('pdf'),
  options: ExportOptionsSchema.prefault({}),
});
export type ExportChoice = z.infer<typeof ExportChoiceSchema>;

export interface PreviewPage {
  /** In points (1/72 inch). */
  width: number;
  height: number;
  /** Numbers in the story, from 1, of the first and last panel on the page; null where there is none. */
  panels: { first: number; last: number } | null;
}

/** The pages of an export as they would be made now. Each is fetched as a picture by the preview's id. */
export interface ExportPreview {
  id: string;
  pages: PreviewPage[];
  /** Pictures that are not on the pages yet, or only as thumbnails, because they are still being read. */
  waiting: number;
  /** What a person should know: pictures that are missing, characters that no font has. */
  warnings: string[];
}

/** Widths, in pixels, that pages of a preview are drawn in. */
export const previewWidths = { least: 64, most: 3200 } as const;

export const AssetFilterSchema = z.object({
  captioned: z.boolean().optional(),
  captionSource: z.enum(['person', 'model', 'file']).optional(),
  /** Without it sketches are left out: every match draws some, and they belong to their stories. */
  origin: z.enum(['imported', 'sketched', 'painted']).optional(),
  /** This folder and every folder inside it. */
  folder: z.string().max(4096).optional(),
  /** Written by this model, `pack@revision`. */
  pack: z.string().max(200).optional(),
  /** Captioned by this job. */
  job: IdSchema.optional(),
  /** Taken in or after, and in or before: a year, a month or a day. */
  takenFrom: DateSchema.optional(),
  takenTo: DateSchema.optional(),
  /** Whether it is known when the picture was taken. */
  dated: z.boolean().optional(),
  /** Has every one of these tags; case does not matter. */
  tags: z.array(TagSchema).max(50).optional(),
  /** Has every one of these labels; case does not matter. */
  labels: z.array(TagSchema).max(50).optional(),
  /** Shows every one of these words of the pyramid, more likely than not. */
  words: z.array(z.string().min(1).max(200)).max(50).optional(),
});
export type AssetFilter = z.infer<typeof AssetFilterSchema>;

/** By when they were imported, the last one first, by when they were taken, or by file name. */
export const assetOrders = ['imported', 'newest', 'taken', 'name'] as const;
export type AssetOrder = (typeof assetOrders)[number];

/** Something to search for, or to search without: words, a picture of the library, or one that need not be in it. */
export const SearchTermSchema = z.union([
  z.strictObject({ text: z.string().trim().min(1).max(10_000) }),
  z.strictObject({ asset: AssetIdSchema }),
  /** The picture's file in base64. */
  z.strictObject({ picture: z.base64().max(24_000_000), name: z.string().max(1000).default('picture') }),
]);
export type SearchTerm = z.infer<typeof SearchTermSchema>;

/** What to look for in captions, and what to put in its place. */
export const ReplaceSchema = z.object({
  assets: z.array(AssetIdSchema).max(1_000_000).optional(),
  filter: AssetFilterSchema.default({}),
  find: z.string().min(1, 'give a text to look for').max(1000),
  /** In a regular expression, `$1`, `$<name>` and `$&` stand for what was found. */
  replace: z.string().max(10_000),
  regex: z.boolean().default(false),
  matchCase: z.boolean().default(false),
  wholeWords: z.boolean().default(false),
});
export type ReplaceInput = z.infer<typeof ReplaceSchema>;

// The table

interface Command<Input extends z.ZodType, Output> {
  readonly input: Input;
  /** Carries the output type; never set. */
  readonly output?: Output;
}

function command<Output>() {
  return <Input extends z.ZodType>(input: Input): Command<Input, Output> => ({ input });
}

/** One or two pictures, with the scene where a story has it, and what is to be different. */
const MixSchema = z.object({
  pictures: z
    .array(z.object({ asset: AssetIdSchema, scene: SceneSchema.optional() }))
    .min(1)
    .max(2),
  text: z.string().max(1000).default(''),
  request: IdSchema.optional(),
});

const Nothing = z.object({});
const HistoryScope = z.object({ story: IdSchema.optional() });
const Seed = z.number().int().min(0).max(0xffffffff);

export const contract = {
  'studio.about': command<About>()(Nothing),
  'studio.doctor': command<Check[]>()(Nothing),
  'packs.list': command<PackSummary[]>()(Nothing),
  /** What a person has set for the whole studio: language, theme. */
  'settings.get': command<Settings>()(Nothing),
  /** Sets what is given and leaves the rest. */
  'settings.set': command<Settings>()(z.object({ settings: SettingsSchema.partial() })),
  /** Ends a command under way that was given this `request` id; what it had changed already stays. */
  'requests.cancel': command<{ cancelled: boolean }>()(z.object({ request: IdSchema })),

  /** Imports files and folders (recursively) of this machine, as a job. The one command that carries paths: the person's own choice of what to import. */
  'library.import': command<Job>()(
    z.object({
      paths: z.array(z.string().min(1).max(32_768)).min(1).max(100_000),
      /** Leave originals where they are, or copy them into the library. */
      originals: z.enum(['leave', 'copy']).default('leave'),
    }),
  ),
  'library.list': command<{ total: number; assets: Asset[] }>()(
    z.object({
      filter: AssetFilterSchema.default({}),
      order: z.enum(assetOrders).default('imported'),
      offset: z.number().int().min(0).default(0),
      limit: z.number().int().min(1).max(1000).default(200),
    }),
  ),
  'library.get': command<Asset>()(z.object({ asset: AssetIdSchema })),
  /** The blurred pictures (ThumbHash, base64) of those of the assets that have one. */
  'library.thumbHashes': command<Record<string, string>>()(
    z.object({ assets: z.array(AssetIdSchema).max(1000) }),
  ),
  'library.remove': command<{ removed: number }>()(
    z.object({ assets: z.array(AssetIdSchema).min(1).max(100_000) }),
  ),
  'library.search': command<SearchAnswer>()(
    z
      .object({
        text: z.string().max(10_000).default(''),
        /** Find pictures like this one. */
        asset: AssetIdSchema.optional(),
        /** Searched for as well: more texts and pictures. */
        with: z.array(SearchTermSchema).max(8).default([]),
        /** What the pictures found should not show. */
        without: z.array(SearchTermSchema).max(8).default([]),
        filter: AssetFilterSchema.default({}),
        limit: z.number().int().min(1).max(1000).default(40),
      })
      .refine(
        (query) => query.text.trim() !== '' || query.asset !== undefined || query.with.length > 0,
        'give a text or a picture to search for',
      ),
  ),
  /** Finds pictures that are like one but for a change told in words. Sends the words it was understood by as `text`. */
  'library.mix': command<MixFound>()(
    MixSchema.extend({
      filter: AssetFilterSchema.default({}),
      limit: z.number().int().min(1).max(200).default(12),
    }),
  ),
  /** The ids of all pictures of a filter. */
  'library.ids': command<string[]>()(
    z.object({ filter: AssetFilterSchema.default({}), order: z.enum(assetOrders).default('imported') }),
  ),
  'library.facets': command<FacetCounts>()(z.object({ filter: AssetFilterSchema.default({}) })),
  /**
   * What is on a picture in words, from one concept to the details; read now where it is not known yet. Null where no
   * pack reads words, or for a sketch whose scene is not known.
   */
  'library.words': command<Pyramid | null>()(z.object({ asset: AssetIdSchema })),
  /** A scene drawn from the words of a picture, down to a layer: each figure stands where its word was seen. */
  'library.redraw': command<{ scene: Scene; svg: string }>()(
    z.object({
      asset: AssetIdSchema,
      layer: z.literal(pyramidLayers).default(3),
      seed: Seed.default(1),
    }),
  ),
  /** Every tag in use, the most used one first. */
  'library.tags': command<TagCount[]>()(Nothing),
  /** Adds tags to pictures and takes others away; answers with how many pictures changed. */
  'library.tag': command<{ changed: number }>()(
    z.object({
      assets: z.array(AssetIdSchema).min(1).max(1_000_000),
      add: z.array(TagSchema).max(100).default([]),
      remove: z.array(TagSchema).max(100).default([]),
    }),
  ),
  /** Every caption a picture has had, the latest first. */
  'library.captions': command<CaptionRecord[]>()(z.object({ asset: AssetIdSchema })),
  /** Shows an earlier caption of a picture again. */
  'library.restoreCaption': command<Asset>()(
    z.object({ asset: AssetIdSchema, caption: z.number().int().min(1) }),
  ),
  /** Saves a caption written by a person; an empty text removes the caption. */
  'library.setCaption': command<Asset>()(z.object({ asset: AssetIdSchema, text: z.string().max(100_000) })),

  /** Captions the given assets, or every asset of the filter, as a job. */
  'captions.start': command<Job>()(
    z.object({
      assets: z.array(AssetIdSchema).max(1_000_000).optional(),
      filter: AssetFilterSchema.default({}),
      options: CaptionOptionsSchema.prefault({}),
    }),
  ),
  /** Writes the captions of the given assets, or of every asset of the filter, to the pictures' files, as a job. */
  'captions.write': command<Job>()(
    z.object({
      assets: z.array(AssetIdSchema).max(1_000_000).optional(),
      filter: AssetFilterSchema.default({}),
      options: CaptionWriteOptionsSchema.prefault({}),
    }),
  ),
  /**
   * A caption for one picture, not saved anywhere: for the person to accept or drop. Its parts are the likeliest
   * caption so far, which may still change.
   */
  'captions.regions': command<CaptionRegions>()(z.object({ asset: AssetIdSchema })),
  'captions.suggest': command<Suggestion>()(z.object({ asset: AssetIdSchema, request: IdSchema.optional() })),
  /**
   * What to write next in a panel, not saved anywhere: `text` goes behind the panel's own text, and brings the space
   * that goes between. Its parts are the text so far; another seed gives another text.
   */
  'suggest.text': command<Suggestion>()(
    z.object({ story: IdSchema, panel: IdSchema, seed: Seed.default(1), request: IdSchema.optional() }),
  ),

  'labels.list': command<Label[]>()(Nothing),
  /** The label of a name, made where there is none yet. */
  'labels.create': command<Label>()(z.object({ name: TagSchema })),
  'labels.remove': command<{ removed: number }>()(z.object({ label: IdSchema })),
  'labels.look': command<LabelView>()(
    z.object({
      label: IdSchema,
      offset: z.number().int().min(0).default(0),
      limit: z.number().int().min(1).max(500).default(60),
    }),
  ),
  /** Says whether pictures have a label; null takes an answer back. The label is then worked out for the library. */
  'labels.answer': command<Label>()(
    z.object({
      label: IdSchema,
      answers: z
        .array(z.object({ asset: AssetIdSchema, yes: z.boolean().nullable() }))
        .min(1)
        .max(1000),
    }),
  ),

  /** The caption styles that were saved, by name. */
  'styles.list': command<SavedStyle[]>()(Nothing),
  /** Saves a style under a name; one of that name is replaced. Refused for examples no style can be learned from. */
  'styles.save': command<SavedStyle[]>()(z.object({ name: TagSchema, examples: StyleExamplesSchema })),
  'styles.remove': command<SavedStyle[]>()(z.object({ name: TagSchema })),

  /** What `captions.start` would write to the first pictures; nothing is saved. */
  'captions.preview': command<CaptionPreview[]>()(
    z.object({
      assets: z.array(AssetIdSchema).max(1_000_000).optional(),
      filter: AssetFilterSchema.default({}),
      options: CaptionOptionsSchema.prefault({}),
      limit: z.number().int().min(1).max(24).default(4),
      request: IdSchema.optional(),
    }),
  ),
  /** What `captions.replace` would change. */
  'captions.find': command<CaptionReplacements>()(
    ReplaceSchema.extend({ limit: z.number().int().min(1).max(2000).default(200) }),
  ),
  /** Finds and replaces in captions, all of them or none; who wrote them stays. */
  'captions.replace': command<{ changed: number }>()(
    ReplaceSchema.extend({ except: z.array(AssetIdSchema).max(100_000).default([]) }),
  ),

  /** Makes the queue of captions to be reviewed: the captioned ones of these pictures, or of a filter. */
  'review.start': command<Review>()(
    z.object({
      assets: z.array(AssetIdSchema).max(1_000_000).optional(),
      filter: AssetFilterSchema.default({}),
    }),
  ),
  'review.get': command<Review>()(Nothing),
  'review.list': command<{ items: ReviewItem[] }>()(
    z.object({
      offset: z.number().int().min(0).default(0),
      limit: z.number().int().min(1).max(200).default(20),
    }),
  ),
  /** Accepts a caption as a person's own, puts another text in its place, or takes it away. */
  'review.decide': command<{ item: ReviewItem; review: Review }>()(
    z.object({
      asset: AssetIdSchema,
      decision: z.enum(['accept', 'edit', 'reject']),
      /** The new caption, where the decision is `edit`. */
      text: z.string().max(100_000).default(''),
    }),
  ),

  'jobs.list': command<Job[]>()(Nothing),
  'jobs.errors': command<JobItemError[]>()(z.object({ job: IdSchema })),
  /** The pictures that an import has brought so far, in the order it took them: new ones and those that were there. */
  'jobs.pictures': command<{ assets: string[] }>()(z.object({ job: IdSchema })),
  'jobs.pause': command<Job>()(z.object({ job: IdSchema })),
  'jobs.resume': command<Job>()(z.object({ job: IdSchema })),
  'jobs.cancel': command<Job>()(z.object({ job: IdSchema })),
  /** Puts the failed items of a finished job back in the queue. */
  'jobs.retry': command<Job>()(z.object({ job: IdSchema })),
  /** Takes finished jobs out of the list. */
  'jobs.clear': command<{ removed: number }>()(Nothing),

  /**
   * Takes back the latest entry among a story's edits and the library's changes; without a story, among the library's.
   * `once` as in `stories.edit`.
   */
  'history.undo': command<HistoryStep | null>()(HistoryScope.extend({ once: IdSchema.optional() })),
  'history.redo': command<HistoryStep | null>()(HistoryScope.extend({ once: IdSchema.optional() })),
  'history.state': command<HistoryState>()(HistoryScope),

  'stories.list': command<StorySummary[]>()(Nothing),
  'stories.create': command<OpenStory>()(z.object({ title: z.string().max(1000).default('') })),
  /** Makes a story from a Markdown outline. Pictures that the outline names by path are not read through this door. */
  'stories.importOutline': command<{ story: OpenStory; warnings: string[] }>()(
    z.object({ name: z.string().max(1000).default('outline.md'), markdown: z.string().max(20_000_000) }),
  ),
  'stories.open': command<OpenStory>()(z.object({ story: IdSchema })),
  'stories.remove': command<{ removed: number }>()(z.object({ story: IdSchema })),
  /** Saves an edit. Refused with `conflict` when `revision` is not the story's latest. */
  'stories.edit': command<StoryChange>()(
    z.object({
      story: IdSchema,
      revision: z.number().int().min(0),
      edit: EditSchema,
      /** What the edit does, in words, for the undo menu. */
      label: z.string().min(1).max(200),
      /**
       * An id of the window's own. An edit whose answer was lost may be sent again with the same one: it is refused
       * with `conflict` and `details.done` when it was saved already.
       */
      once: IdSchema.optional(),
    }),
  ),
  /** Pictures for a panel: from the library and newly sketched, with a suggested choice. Changes nothing in the story. */
  'stories.match': command<Match>()(
    z.object({
      story: IdSchema,
      panel: IdSchema,
      /** Asked instead of the panel's own text. */
      query: z.string().max(10_000).optional(),
      /** Pictures asked for beside the words: more like these. */
      like: z.array(AssetIdSchema).max(8).default([]),
      /** Pictures that are not wanted: they are left out, and what looks like them is lowered. */
      unlike: z.array(AssetIdSchema).max(100).default([]),
      seed: Seed.optional(),
      /** The most retrieved candidates; 0 searches nothing. */
      limit: z.number().int().min(0).max(60).default(6),
      /** How many sketches are drawn. */
      sketches: z.number().int().min(0).max(24).default(2),
      /** Sends `candidates` parts: the retrieved ones together, each sketch as it is drawn. */
      request: IdSchema.optional(),
    }),
  ),
  /** Records what was taken or refused of the candidates shown. */
  'stories.choose': command<{ recorded: number }>()(
    z
      .object({
        story: IdSchema,
        panel: IdSchema,
        query: z.string().max(10_000),
        like: z.array(AssetIdSchema).max(8).default([]),
        shown: z.array(ShownSchema).min(1).max(200),
        suggested: AssetIdSchema.nullable().default(null),
        accepted: AssetIdSchema.nullable().default(null),
        refused: z.array(AssetIdSchema).max(100).default([]),
        /** The decision's `odds`. */
        odds: z.number().min(-1000).max(1000).nullable().default(null),
      })
      .refine(
        ({ accepted, refused }) => accepted !== null || refused.length > 0,
        'name a picture that was accepted or refused',
      ),
  ),
  /** What was taken and refused, the latest first. */
  'choices.list': command<{ total: number; choices: Choice[] }>()(
    z.object({
      story: IdSchema.optional(),
      offset: z.number().int().min(0).default(0),
      limit: z.number().int().min(1).max(1000).default(100),
    }),
  ),
  /** What suggestions have learnt from the choices. */
  'lessons.get': command<Lessons>()(z.object({})),
  /** Leaves choices out of what is learnt, or takes them in again; every one when none is named. */
  'lessons.leaveOut': command<{ changed: number[] }>()(
    z.object({
      leftOut: z.boolean(),
      choices: z.array(z.number().int().min(1)).max(100_000).optional(),
    }),
  ),
  /** Forgets every choice, or those of one story. */
  'choices.clear': command<{ removed: number }>()(z.object({ story: IdSchema.optional() })),
  /** Gives every panel without a picture its best match, as a job; each panel is one undoable edit. */
  'stories.illustrate': command<Job>()(z.object({ story: IdSchema })),

  /** Draws a text, or a scene as it is, and keeps the drawing as an asset. */
  'sketch.draw': command<{ asset: string; scene: Scene }>()(
    z.union([
      z.object({ text: z.string().min(1).max(10_000), seed: Seed.default(1), story: IdSchema.optional() }),
      z.object({ scene: SceneSchema }),
    ]),
  ),
  /** Draws a scene in layers without keeping it: for an editor, which shows every step. */
  'sketch.preview': command<SketchLayers>()(
    z.object({
      scene: SceneSchema,
      /** Keys of the documents the asker has already. */
      has: z.array(z.string().max(200)).max(1000).default([]),
    }),
  ),
  /** Changes a picture's scene as words say and keeps everything else; draws nothing yet. Sends `text` as `library.mix`. */
  'sketch.mix': command<MixDrawn>()(MixSchema),
  /** Draws a scene and keeps it in the library for good, with a caption; its scene stays known. */
  'sketch.keep': command<{ asset: string }>()(
    z.object({ scene: SceneSchema, caption: z.string().trim().min(1).max(10_000) }),
  ),
  /** Reads a text, as `sketch.draw` does, and draws nothing. With `panel`, pronouns may refer to the panels before. */
  'sketch.read': command<{ scene: Scene }>()(
    z.object({
      text: z.string().max(10_000),
      seed: Seed,
      story: IdSchema.optional(),
      panel: IdSchema.optional(),
    }),
  ),
  /** Composes a scene anew with another seed, place or shot, keeping what was changed in it by hand. */
  'sketch.restage': command<{ scene: Scene }>()(
    z.object({
      scene: SceneSchema,
      change: SceneSchema.pick({ seed: true, place: true, shot: true }).partial(),
      story: IdSchema.optional(),
      panel: IdSchema.optional(),
    }),
  ),
  /** A figure for a scene, of the size and at the place it would have there; the scene is not changed. */
  'sketch.fitFigure': command<{ figure: Figure }>()(
    z.object({
      scene: SceneSchema,
      icon: FigureSchema.shape.icon,
      word: FigureSchema.shape.word,
      /** Stands in for this figure of the scene: same id, foot and way of looking. */
      instead: z.string().max(64).optional(),
      /** Where its middle is to be, in fractions of the picture. */
      at: z.object({ x: z.number().min(-1).max(2), y: z.number().min(-1).max(2) }).optional(),
    }),
  ),
  /** Figures by word, in any language the lexicon has, best first, each with its picture. */
  'sketch.findFigures': command<FoundFigure[]>()(
    z.object({ query: z.string().min(1).max(200), limit: z.number().int().min(1).max(200).default(24) }),
  ),
  /** The pictures of figures, in the order asked for. */
  'sketch.figures': command<FigurePicture[]>()(
    z.object({
      figures: z.array(FigureSchema.pick({ id: true, icon: true, hue: true, cast: true })).max(500),
      /** The seed of their scene, by which people are dressed. */
      seed: Seed.default(0),
    }),
  ),
  /** Every place a sketch can show, with a small picture. */
  'sketch.places': command<{ name: string; indoor: boolean; picture: string }[]>()(Nothing),
  /** How each member of a cast is drawn. */
  'sketch.looks': command<CastLook[]>()(z.object({ cast: z.array(CastMemberSchema).max(500) })),
  /** The pictures of a story that show a member of its cast otherwise than the cast now says, by member. */
  'sketch.outdated': command<{ member: string; blocks: string[] }[]>()(z.object({ story: IdSchema })),
  /**
   * Draws anew, with the cast as it is, those sketches of a story that show a member otherwise. Changes nothing in the
   * story: the versions answered are for the window to put in place. Sends `progress`.
   */
  'sketch.recast': command<{ versions: { block: string; version: ImageVersion }[] }>()(
    z.object({ story: IdSchema, member: IdSchema, request: IdSchema.optional() }),
  ),

  /** Writes a story to a file in the data folder's `exports`, as a job; the door then hands the file over (save dialog or download). */
  'exports.start': command<Job>()(
    z.object({
      story: IdSchema,
      format: z.enum(exportFormats).default('pdf'),
      options: ExportOptionsSchema.prefault({}),
    }),
  ),
  /** Sets the pages a PDF export would have. A window has one preview at a time; a new one replaces it. */
  'exports.preview': command<ExportPreview>()(
    z.object({
      story: IdSchema,
      options: ExportOptionsSchema.prefault({}),
      request: IdSchema.optional(),
    }),
  ),
  /** How this story was exported last; null when it never was. */
  'exports.choice': command<ExportChoice | null>()(z.object({ story: IdSchema })),
  'exports.remember': command<ExportChoice>()(z.object({ story: IdSchema, choice: ExportChoiceSchema })),
} as const;

export type CommandName = keyof typeof contract;
export type CommandInput<Name extends CommandName> = z.input<(typeof contract)[Name]['input']>;
/** The input after validation, defaults filled in: what a handler receives. */
export type CommandArguments<Name extends CommandName> = z.output<(typeof contract)[Name]['input']>;
export type CommandOutput<Name extends CommandName> = Exclude<(typeof contract)[Name]['output'], undefined>;

export const commandNames = Object.keys(contract) as CommandName[];

/** What the studio tells every open window. */
export interface StudioEvents {
  'job.changed': Job;
  /** Assets were added, removed or captioned; ids of those touched, or null for many. */
  'library.changed': { assets: string[] | null };
  'story.changed': StoryChange;
  /** A story was made, deleted, or changed by another process. */
  'stories.changed': { story: string };
  /** What can be undone in the library has changed; carries the library's own scope. */
  'history.changed': HistoryState;
  'request.part': { request: string; part: RequestPart };
  'settings.changed': Settings;
}
export type EventName = keyof StudioEvents;
export const eventNames: readonly EventName[] = [
  'job.changed',
  'library.changed',
  'story.changed',
  'stories.changed',
  'history.changed',
  'request.part',
  'settings.changed',
];

/** Sizes a window may ask pictures in, by width in pixels. */
export const mediaSizes = { thumb: 320, preview: 1280, full: 4096 } as const;
export type MediaSize = keyof typeof mediaSizes;
