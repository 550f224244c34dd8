import type { Candidate, Job, Match, Reason, RequestPart } from '../../shared/contract.ts';
import type { Edit } from '../../shared/edits.ts';
import { FabulaError, toFailure, type Json } from '../../shared/errors.ts';
import { reasonText } from '../../shared/reasons.ts';
import type { Scene } from '../../shared/scene.ts';
import {
  currentVersion,
  defaultSettings,
  panelQuery,
  panelText,
  type ImageVersion,
  type Panel,
  type Story,
} from '../../shared/story.ts';
import { dot } from '../../shared/vectors.ts';
import type { JobContext, Jobs } from '../jobs/jobs.ts';
import type { Library } from '../library/library.ts';
import type { Decider, Decision } from '../decide/decider.ts';
import type { Evidence } from '../decide/evidence.ts';
import type { Clock, Ids } from '../ports.ts';
import { fillScene } from '../sketch/condition.ts';
import { drawScene } from '../sketch/draw.ts';
import { translateToEnglish } from '../sketch/lexicon.ts';
import { readScene } from '../sketch/read.ts';
import type { StoryReader, StoryReading } from '../story-reader.ts';
import type { Stories } from './stories.ts';
import { namedThings, telling, wordEvidence, type WordEvidence } from './word-evidence.ts';

/** Finding pictures by vectors: the encoder of the pack in use, and the index of the library's pictures. */
export interface PictureSearch {
  /** `pack@revision` of the encoder. */
  readonly space: string;
  /** Unit vectors of English texts. */
  encodeTexts(texts: string[], options: { signal?: AbortSignal | undefined }): Promise<Float32Array[]>;
  /** The k pictures nearest to a unit vector, best first, with their cosine similarity. */
  search(vector: Float32Array, k: number): { asset: string; similarity: number }[];
  /** Calibrated probability, 0..1, that a picture of this similarity shows what was asked. */
  probability(similarity: number): number;
  /** The unit vector of a picture, encoded now when it has none yet. */
  pictureVector(asset: string, options: { signal?: AbortSignal | undefined }): Promise<Float32Array>;
  /** The unit vector of a picture, or null where it has not been encoded yet. */
  knownVector(asset: string): Float32Array | null;
  /** The vector that asks for several vectors together and not for others. */
  blended(plus: readonly Float32Array[], minus: readonly Float32Array[]): Float32Array;
  /** How far the similarities of the library's pictures to a vector lie apart: their standard deviation, above 0. */
  spread(vector: Float32Array): number;
}

export interface IllustratorParts {
  stories: Stories;
  library: Pick<Library, 'getMany' | 'count' | 'findAnyWord' | 'countWords' | 'importBytes'>;
  jobs: Jobs;
  search: PictureSearch;
  /** Reads stories with the pictures in them; left out where nothing does. */
  reader?: Pick<StoryReader, 'read'>;
  ids: Ids;
  clock: Clock;
  /** What decides; null, or left out, where no pack does, and a fixed rule decides. */
  decider?: () => Decider | null;
}

/** Numbers of the rules below, in one place. */
const rules = {
  /** How much a neighbouring panel's words count beside the panel's own when candidates are put in order. */
  neighbourWeight: 0.2,
  /** How much likeness to a picture that is not wanted counts against a candidate, beside the words' similarity. */
  unlikeWeight: 0.6,
  /** Candidates looked at before they are put in order: by looks, and as many by words. */
  pool: 100,
  /** The probability, by its looks, of a picture nobody has looked at yet. */
  unseen: 0.05,
  /** Without a pack that decides: a sketch that shows every named thing is worth a picture of this probability. */
  sketchWorth: 0.75,
  /** Without a pack that decides: evidence below which neither candidate is suggested. */
  least: 0.2,
  /** How much more probable than the best unused picture one must be to be shown in a second panel. */
  clearlyBest: 0.25,
  /** Characters of a panel's text that are asked; encoders look at no more than a sentence or two. */
  queryLength: 300,
};

/** A picture drawn for a panel that holds no words to draw is of no use to anybody. */
const hasWords = (text: string): boolean => /\p{L}|\p{N}/u.test(text);

export interface MatchInput {
  story: string;
  panel: string;
  /** Asked instead of the panel's own text; empty asks for pictures alone. */
  query?: string | undefined;
  like?: readonly string[];
  unlike?: readonly string[];
  seed?: number | undefined;
  /** The most retrieved candidates. */
  limit: number;
  sketches?: number;
}

export interface MatchOptions {
  signal?: AbortSignal | undefined;
  /** Hears candidates as they are found and drawn. */
  send?: ((part: RequestPart) => void) | undefined;
}

/** What is asked for a panel, once its query is settled. */
interface Asked {
  query: string;
  /** The texts of the panels around it that have words. */
  neighbours: string[];
  like: readonly string[];
  unlike: readonly string[];
  limit: number;
  sketches: number;
  seed: number;
  used: ReadonlySet<string>;
  /** What the story tells of the picture, with the panels before; null where no pack says. */
  reading: StoryReading | null;
}

interface Found {
  candidates: Candidate[];
  problem: Match['problem'];
}

/**
 * Finds and draws pictures for panels ("match").
 *
 * Retrieval: the query is the panel's own text, translated to English where needed, and never the whole story, which
 * retrieves worse the longer it gets (Koh et al., GILL, 2023). Pictures are looked for by their vectors and by the
 * words of their captions and names. A picture's probability is the calibrated one of its similarity to the words
 * asked, its odds moved by the evidence of its own words ({@link wordEvidence}). The order is by these odds, moved in
 * turn by what else is known: the panels before and after, the pictures given ("more like this") and refused ("not
 * this"), each by its similarity to the candidate (Rocchio's relevance feedback).
 *
 * Decision: by the {@link Decider} of the pack with the role `decide`, from the text, the best pictures and what the
 * person took before. Without such a pack a retrieved picture is worth its probability and a sketch 0.75 times the
 * share of the named things it shows; the better one is suggested, neither when both are worth less than 0.2. Who gives
 * a picture to go by is offered a picture of the library.
 */
export class Illustrator {
  readonly #parts: IllustratorParts;

  constructor(parts: IllustratorParts) {
    this.#parts = parts;
    parts.jobs.register('illustrate', (context) => this.#run(context));
  }

  /**
   * Pictures for a panel, with a suggestion. Changes nothing in the story; sketches are kept in the library, so that
   * they can be shown and chosen.
   *
   * @throws FabulaError `not-found`; `cancelled` once the signal is raised: nothing more is drawn then
   */
  async match(input: MatchInput, { signal, send }: MatchOptions = {}): Promise<Match> {
    const { story } = this.#parts.stories.open(input.story);
    const index = story.panels.findIndex((panel) => panel.id === input.panel);
    if (index < 0) {
      throw new FabulaError(
        'not-found',
        `“${story.title}” has no panel ${input.panel}. It may have been deleted.`,
      );
    }
    return this.#match(story, index, { ...input, used: new Set() }, { signal, send });
  }

  /** What a match would be for a text alone, without a story around it. Draws nothing. */
  matchText(text: string, limit: number, options: MatchOptions = {}): Promise<Match> {
    const id = this.#parts.ids.next();
    const now = this.#parts.clock.now().toISOString();
    const story: Story = {
      format: 1,
      id,
      title: '',
      createdAt: now,
      updatedAt: now,
      settings: defaultSettings,
      cast: [],
      panels: [{ id, shot: '', notes: '', dialogue: '', duration: null, blocks: [] }],
    };
    return this.#match(story, 0, { query: text, limit, sketches: 0, used: new Set() }, options);
  }

  /** Gives every panel without a picture its best match, as a job; each panel is one undoable edit. */
  start(story: string): Job {
    const { story: record } = this.#parts.stories.open(story);
    const waiting = record.panels.filter((panel) => !hasPicture(panel)).map((panel) => panel.id);
    return this.#parts.jobs.start(
      'illustrate',
      { key: 'app.jobIllustrate', values: { title: record.title || 'Untitled', count: waiting.length } },
      { story },
      waiting,
    );
  }

  async #run({ params, items, finish, fail, signal }: JobContext): Promise<void> {
    const id = (params as { story: string }).story;
    for await (const item of items()) {
      const { story } = this.#parts.stories.open(id);
      const index = story.panels.findIndex((panel) => panel.id === item.item);
      const panel = story.panels[index];
      try {
        // The person may have deleted the panel, or given it a picture, since the job began.
        if (panel !== undefined && !hasPicture(panel)) {
          const used = picturesOf(story);
          const match = await this.#match(story, index, { limit: 1, sketches: 1, used }, { signal });
          const label = { key: 'app.illustratePanel', values: { number: index + 1 } } as const;
          this.#parts.stories.change(id, (now) => {
            const edit = this.#illustrate(now, panel.id, match);
            return edit && { edit, label };
          });
          const { choice, confidence, because, reason } = match.decision;
          finish(item, () => ({ choice, confidence, because, reason }) as unknown as Json);
        } else finish(item);
      } catch (error) {
        if (signal.aborted) throw error;
        fail(item, error, `panel ${index + 1}`);
      }
    }
  }

  /** The edit that gives a panel both candidates as versions, the suggested one shown; null when there is nothing to add. */
  #illustrate(story: Story, panelId: string, match: Match): Edit | null {
    const panel = story.panels.find((candidate) => candidate.id === panelId);
    if (panel === undefined || hasPicture(panel)) return null;
    const waiting = panel.blocks.find((block) => block.type === 'image');
    const known = new Set(waiting?.versions.map((version) => version.asset));
    const retrieved = this.#version(match.retrieved[0], match);
    const sketched = this.#version(match.sketched[0], match);
    const shown = { retrieve: retrieved, sketch: sketched, none: undefined }[match.decision.choice];
    const versions = [retrieved, sketched].filter((version) => version !== undefined);
    if (versions.length === 0) return null;
    if (waiting === undefined) {
      return {
        type: 'insert-block',
        panel: panel.id,
        index: 0,
        block: {
          id: this.#parts.ids.next(),
          type: 'image',
          caption: '',
          current: shown?.id ?? null,
          versions,
        },
      };
    }
    // The panel has a place for its picture already: the versions go there.
    const fresh = versions.filter((version) => !known.has(version.asset));
    const show =
      shown && (fresh.includes(shown) ? shown : waiting.versions.find((old) => old.asset === shown.asset));
    if (fresh.length === 0 && show === undefined) return null;
    return {
      type: 'batch',
      edits: [
        ...fresh.map((version, place) => ({
          type: 'insert-version' as const,
          block: waiting.id,
          index: waiting.versions.length + place,
          version,
        })),
        { type: 'show-version', block: waiting.id, version: show?.id ?? null },
      ],
    };
  }

  #version(candidate: Candidate | undefined, match: Match): ImageVersion | undefined {
    if (candidate === undefined) return undefined;
    return {
      id: this.#parts.ids.next(),
      asset: candidate.asset,
      source: candidate.source,
      createdAt: this.#parts.clock.now().toISOString(),
      prompt: match.query,
      ...(candidate.seed === null ? {} : { seed: candidate.seed }),
      ...(candidate.source === 'retrieved' ? { pack: this.#parts.search.space } : {}),
      ...(candidate.confidence === null ? {} : { confidence: candidate.confidence }),
      ...(candidate.scene === null ? {} : { scene: candidate.scene }),
    };
  }

  async #match(
    story: Story,
    index: number,
    input: Omit<MatchInput, 'story' | 'panel'> & { used: ReadonlySet<string> },
    options: MatchOptions,
  ): Promise<Match> {
    const panel = story.panels[index]!;
    const { like = [], unlike = [], limit, sketches = 1, used } = input;
    // Pictures alone are asked for with a query that is there and empty.
    const alone = like.length > 0 && input.query?.trim() === '';
    const asked = input.query?.trim() || (alone ? '' : panelQuery(panel));
    const query = hasWords(asked) ? asked : '';
    if (query === '' && like.length === 0) {
      return {
        panel: panel.id,
        query: asked,
        retrieved: [],
        sketched: [],
        decision: decided('none', 0, [{ code: 'reasonNoWords', values: {} }], null),
        condition: null,
        problem: null,
      };
    }
    const around = [story.panels[index - 1], story.panels[index + 1]];
    const neighbours = around.map((other) => (other ? panelText(other) : '')).filter(hasWords);
    const seed = input.seed ?? panelSeed(story.settings.seed, index);
    const reading = query === '' ? null : await this.#read(story, index, query, options.signal);
    const all: Asked = { query, neighbours, like, unlike, limit, sketches, seed, used, reading };
    const [found, sketched] = await Promise.all([
      this.#retrieve(all, options),
      this.#sketch(all, story, index, options),
    ]);
    options.signal?.throwIfAborted();
    const scene =
      query === '' ? null : (sketched[0]?.scene ?? sketchScene(query, story, index, seed, reading));
    const named = query === '' ? null : sketchScene(query, story, index, seed, null);
    const decision = decide(this.#parts.decider?.() ?? null, {
      text: query,
      found: found.candidates,
      scene,
      told: scene !== null && scene.figures.length > 0 && named?.figures.length === 0,
      problem: found.problem,
      like: like.length > 0,
      library: this.#parts.library.count(),
    });
    return {
      panel: panel.id,
      query: asked,
      retrieved: found.candidates.slice(0, limit),
      sketched,
      decision,
      condition: reading && { ...reading.condition, pack: reading.pack },
      problem: found.problem,
    };
  }

  /** What the story tells; a pack that cannot read it costs nothing but what it would have told. */
  async #read(
    story: Story,
    index: number,
    query: string,
    signal: AbortSignal | undefined,
  ): Promise<StoryReading | null> {
    try {
      return (await this.#parts.reader?.read(story, index, query, signal)) ?? null;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof FabulaError) return null;
      throw error;
    }
  }

  async #retrieve(asked: Asked, { signal, send }: MatchOptions): Promise<Found> {
    if (asked.limit === 0) return { candidates: [], problem: null };
    let found: Found;
    try {
      found = { candidates: await this.#find(asked, signal), problem: null };
    } catch (error) {
      signal?.throwIfAborted();
      // A pack that cannot run costs the retrieved candidates, not the sketched ones; the reason says so.
      const { code, message, details } = toFailure(error);
      found = { candidates: [], problem: { code, message, details } };
    }
    signal?.throwIfAborted();
    send?.({
      kind: 'candidates',
      source: 'retrieved',
      candidates: found.candidates.slice(0, asked.limit),
    });
    return found;
  }

  async #find(asked: Asked, signal: AbortSignal | undefined): Promise<Candidate[]> {
    const { search, library } = this.#parts;
    const pictures = async (assets: readonly string[]): Promise<Float32Array[]> =>
      Promise.all(assets.map((asset) => search.pictureVector(asset, { signal })));
    const texts = [asked.query, ...asked.neighbours]
      .filter((text) => text !== '')
      .map((text) => translateToEnglish(text.slice(0, rules.queryLength)));
    const [vectors, like, unlike] = await Promise.all([
      texts.length === 0 ? [] : search.encodeTexts(texts, { signal }),
      pictures(asked.like),
      // One that was removed from the library meanwhile can neither be shown nor be near anything.
      pictures(library.getMany(asked.unlike).map(({ id }) => id)),
    ]);
    const own = asked.query === '' ? null : vectors[0]!;
    const others = asked.query === '' ? vectors : vectors.slice(1);

    const refused = new Set([...asked.unlike, ...asked.like]);
    const plus = [...(own === null ? [] : [own]), ...like];
    const words = this.#wordsOf(asked.query);
    const pool = new Set<string>();
    const reading = own === null ? null : asked.reading;
    const told = reading === null ? [] : [reading.vector];
    for (const vector of new Set([search.blended(plus, unlike), own ?? plus[0]!, ...told])) {
      for (const { asset } of search.search(vector, rules.pool + refused.size)) pool.add(asset);
    }
    for (const asset of library.findAnyWord(
      [...words.values()].map(({ word }) => word),
      rules.pool,
    )) {
      pool.add(asset);
    }
    const weigh = weigher((similarity) => search.probability(similarity));
    const about = inContext(
      plus[0]!,
      [
        { vectors: others, weight: rules.neighbourWeight * others.length },
        { vectors: like, weight: 1 },
        { vectors: unlike, weight: -rules.unlikeWeight },
      ],
      (vector) => search.spread(vector),
    );
    const candidates = library
      .getMany([...pool])
      .filter(({ id, origin }) => !refused.has(id) && origin !== 'sketched')
      .map(({ id, caption, name }) => {
        const vector = search.knownVector(id);
        const evidence: WordEvidence =
          own === null
            ? { logOdds: 0, shared: [] }
            : wordEvidence(
                words,
                caption === null || caption.source === 'model' ? null : caption.text,
                stemOf(name),
              );
        const looks =
          own === null
            ? 0
            : vector === null
              ? logit(rules.unseen)
              : reading === null
                ? weigh.logOdds(dot(own, vector))
                : reading.logOdds(dot(own, vector), dot(reading.vector, vector));
        const odds = looks + evidence.logOdds;
        const context = vector === null ? 0 : about(vector);
        return {
          asset: id,
          confidence: own === null ? null : probabilityOf(odds),
          score: odds + weigh.slope * context,
          words: evidence.shared,
          note: caption?.text ?? name,
        };
      })
      .toSorted((a, b) => b.score - a.score || (a.asset < b.asset ? -1 : 1));
    // The decision looks at the next best too, however few are shown.
    return preferUnused(candidates, asked.used)
      .slice(0, Math.max(2, asked.limit))
      .map(({ asset, confidence, words: shared, note }): Candidate => ({
        asset,
        source: 'retrieved',
        confidence,
        words: shared,
        seed: null,
        scene: null,
        note,
      }));
  }

  /** The things a query names, with how telling each is in this library. */
  #wordsOf(query: string): Map<string, { word: string; weight: number }> {
    const { library } = this.#parts;
    const things = [...namedThings(query)];
    const pictures = library.count();
    const holding = library.countWords(things.map(([, word]) => word));
    return new Map(
      things.map(([name, word], at) => [name, { word, weight: telling(pictures, holding[at]!) }]),
    );
  }

  async #sketch(
    { query, seed, sketches, unlike, reading }: Asked,
    story: Story,
    index: number,
    { signal, send }: MatchOptions,
  ): Promise<Candidate[]> {
    const drawn: Candidate[] = [];
    if (query === '') return drawn;
    // Two seeds may compose a simple text the same way; and one whose every sketch is refused comes to an end too.
    const passed = new Set(unlike);
    const seeds = 2 * sketches + unlike.length;
    for (let turn = 0; drawn.length < sketches && turn < seeds; turn++) {
      const one = (seed + turn) >>> 0;
      const scene = sketchScene(query, story, index, one, reading);
      const svg = Buffer.from(drawScene(scene));
      const { asset } = await this.#parts.library.importBytes(`sketch-${one}.svg`, svg, {
        origin: 'sketched',
      });
      signal?.throwIfAborted();
      if (passed.has(asset.id)) continue;
      passed.add(asset.id);
      const candidate: Candidate = {
        asset: asset.id,
        source: 'sketched',
        confidence: shareDrawn(scene),
        words: [],
        seed: one,
        scene,
        note: '',
      };
      drawn.push(candidate);
      send?.({ kind: 'candidates', source: 'sketched', candidates: [candidate] });
    }
    return drawn;
  }
}

/**
 * Reads the scene of a panel, with the story's cast and what the panels before it tell; where its words name nothing
 * to draw, with what the story as a whole tells.
 */
function sketchScene(
  text: string,
  story: Story,
  index: number,
  seed: number,
  reading: StoryReading | null,
): Scene {
  const scene = readScene(text, { seed, cast: story.cast, context: contextOf(story, index) });
  return reading === null ? scene : fillScene(scene, reading.condition);
}

function contextOf(story: Story, index: number): string[] {
  return story.panels.slice(Math.max(0, index - 3), index).map(panelText);
}

/** One seed a panel, spread over 32 bits so that neighbouring panels are composed differently. */
function panelSeed(seed: number, index: number): number {
  return (Math.imul(seed ^ Math.imul(index + 1, 0x9e3779b1), 0x85ebca6b) ^ (index + 1)) >>> 0;
}

function hasPicture(panel: Panel): boolean {
  return panel.blocks.some((block) => block.type === 'image' && currentVersion(block) !== undefined);
}

/** The pictures a story shows now. */
function picturesOf(story: Story): Set<string> {
  const shown = new Set<string>();
  for (const panel of story.panels) {
    for (const block of panel.blocks) {
      const version = block.type === 'image' ? currentVersion(block) : undefined;
      if (version !== undefined) shown.add(version.asset);
    }
  }
  return shown;
}

/** Similarity as evidence: the logarithm of the calibrated odds, and how much of it one unit of similarity makes. */
function weigher(probability: (similarity: number) => number): {
  logOdds: (similarity: number) => number;
  slope: number;
} {
  const logOdds = (similarity: number): number => logit(probability(similarity));
  // The calibration is logistic, so its slope is the same everywhere; at the ends rounding would hide it.
  return { logOdds, slope: (logOdds(0.6) - logOdds(0.4)) / 0.2 };
}

function logit(probability: number): number {
  const kept = Math.min(1 - 1e-9, Math.max(1e-9, probability));
  return Math.log(kept / (1 - kept));
}

function probabilityOf(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds));
}

/**
 * What other vectors than the query's say of a picture, in units of similarity to the query: the weighed means of the
 * picture's similarities to them. Pictures are more alike to each other than to texts, and lie further apart; each
 * similarity is therefore measured by how far those of the library's pictures lie apart.
 */
function inContext(
  query: Float32Array,
  groups: readonly { vectors: readonly Float32Array[]; weight: number }[],
  spread: (vector: Float32Array) => number,
): (picture: Float32Array) => number {
  const terms = groups.flatMap(({ vectors, weight }) =>
    vectors.map((vector) => ({ vector, weight: weight / vectors.length / spread(vector) })),
  );
  if (terms.length === 0) return () => 0;
  const unit = spread(query);
  return (picture) =>
    unit * terms.reduce((sum, { vector, weight }) => sum + weight * dot(vector, picture), 0);
}

/** A file name without its ending. */
function stemOf(name: string): string {
  return name.replace(/\.[A-Za-z0-9]{1,5}$/, '');
}

/** Moves the best picture the story does not show yet to the front, unless a shown one is clearly better. */
function preferUnused<T extends { asset: string; confidence: number | null }>(
  candidates: readonly T[],
  used: ReadonlySet<string>,
): T[] {
  const best = candidates[0];
  const unused = candidates.find((candidate) => !used.has(candidate.asset));
  if (best === undefined || unused === undefined || best === unused) return [...candidates];
  if ((best.confidence ?? 0) - (unused.confidence ?? 0) >= rules.clearlyBest) return [...candidates];
  return [unused, ...candidates.filter((candidate) => candidate !== unused)];
}

/** The share of the things a text names that its scene shows, 0..1; 0 when it names nothing. */
function shareDrawn(scene: Scene): number {
  const drawn = new Set(scene.figures.map((figure) => figure.word.toLowerCase())).size;
  const named = drawn + scene.unknown.length;
  return named === 0 ? 0 : drawn / named;
}

/** What is known of a text's candidates, as the decision wants it. */
export function evidenceOf({
  text,
  found,
  scene,
  library,
}: {
  text: string;
  /** The best pictures of the library, best first; two are enough. */
  found: readonly Candidate[];
  /** What a sketch would show; null where there are no words to draw. */
  scene: Scene | null;
  /** Pictures in the library. */
  library: number;
}): Omit<Evidence, 'text'> {
  const [best, second] = found;
  return {
    found: best?.confidence ?? null,
    second: second?.confidence ?? null,
    words: best === undefined ? 0 : Math.min(1, best.words.length / Math.max(1, namedThings(text).size)),
    drawn: scene === null ? null : new Set(scene.figures.map((figure) => figure.word.toLowerCase())).size,
    undrawn: scene?.unknown.length ?? 0,
    library,
  };
}

function decide(
  decider: Decider | null,
  candidates: Parameters<typeof evidenceOf>[0] & {
    /** Whether the scene shows what the story tells, because the words asked name nothing. */
    told: boolean;
    problem: Match['problem'];
    like: boolean;
  },
): Match['decision'] {
  const { text, found, scene, told, problem, like, library } = candidates;
  const best = found[0];
  const fromLibrary = librarySays(best, problem, like, library === 0);
  const sketch: Reason[] = scene === null ? [] : [sketchSays(scene, told)];
  if (like && best !== undefined) return decided('retrieve', best.confidence, [fromLibrary, ...sketch], null);
  const ruled = decider?.decide(text, evidenceOf(candidates)) ?? byRule(best, scene);
  const taste: Reason[] =
    ruled.taste === null || ruled.choice === 'none'
      ? []
      : [{ code: 'reasonTaste', values: { topic: ruled.taste, choice: ruled.choice } }];
  const because: { [choice in typeof ruled.choice]: Reason[] } = {
    retrieve: [fromLibrary, ...taste, ...sketch],
    sketch: [...sketch, ...taste, fromLibrary],
    none: [{ code: 'reasonNeither', values: {} }, fromLibrary, ...sketch],
  };
  return decided(ruled.choice, ruled.probability, because[ruled.choice], ruled.odds);
}

/** The fixed rule, for when no pack decides. */
function byRule(best: Candidate | undefined, scene: Scene | null): Decision {
  const found = best?.confidence ?? 0;
  const drawn = scene === null ? 0 : rules.sketchWorth * shareDrawn(scene);
  const probability = Math.max(found, drawn);
  const choice = probability < rules.least ? 'none' : found >= drawn ? 'retrieve' : 'sketch';
  return { choice, probability, odds: null, taste: null };
}

function decided(
  choice: Match['decision']['choice'],
  confidence: number | null,
  because: Reason[],
  odds: number | null,
): Match['decision'] {
  const reason = because.map((one) => reasonText('en', one)).join(' ');
  return { choice, confidence, because, reason, odds };
}

function librarySays(
  best: Candidate | undefined,
  problem: Match['problem'],
  like: boolean,
  empty: boolean,
): Reason {
  if (problem !== null) return { code: 'reasonUnsearchable', values: { message: problem.message } };
  if (empty) return { code: 'reasonEmpty', values: {} };
  if (best === undefined) return { code: 'reasonNothing', values: {} };
  const picture = shorten(best.note);
  if (like) return { code: 'reasonLike', values: { picture } };
  const share = shown(best.confidence ?? 0);
  return best.words.length > 0
    ? { code: 'reasonWords', values: { picture, share, words: best.words.slice(0, 4) } }
    : { code: 'reasonNearest', values: { picture, share } };
}

function sketchSays(scene: Scene, told: boolean): Reason {
  const things = [...new Set(scene.figures.map((figure) => figure.word.toLowerCase()))];
  if (told) return { code: 'reasonCondition', values: { things } };
  if (things.length === 0) return { code: 'reasonPlace', values: {} };
  const named = things.length + scene.unknown.length;
  const shortened = things.length > 4 ? [...things.slice(0, 4), '…'] : things;
  return { code: 'reasonSketch', values: { drawn: things.length, named, things: shortened } };
}

/** A probability as it is shown: never 0 or 1 for what is not quite impossible or certain. */
function shown(probability: number): number {
  return Math.min(0.99, Math.max(0.01, probability));
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59).trimEnd()}…` : text;
}
