import type { Candidate, Job, Match } from '../../shared/contract.ts';
import type { Edit } from '../../shared/edits.ts';
import { FabulaError, toFailure } from '../../shared/errors.ts';
import type { Scene } from '../../shared/scene.ts';
import { currentVersion, panelText, type ImageVersion, type Panel, type Story } from '../../shared/story.ts';
import type { JobContext, Jobs } from '../jobs/jobs.ts';
import type { Library } from '../library/library.ts';
import type { Clock, Ids } from '../ports.ts';
import { drawScene } from '../sketch/draw.ts';
import { translateToEnglish } from '../sketch/lexicon.ts';
import { readScene } from '../sketch/read.ts';
import type { Stories } from './stories.ts';

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
}

export interface IllustratorParts {
  stories: Stories;
  library: Pick<Library, 'get' | 'importBytes'>;
  jobs: Jobs;
  search: PictureSearch;
  ids: Ids;
  clock: Clock;
}

/** Numbers of the rules below, in one place. */
const rules = {
  /** How much a neighbouring panel's words count beside the panel's own when candidates are put in order. */
  neighbourWeight: 0.2,
  /** Candidates looked at before they are put in order. */
  pool: 100,
  /** A sketch that shows every named thing is worth as much as a picture of this probability. */
  sketchWorth: 0.75,
  /** Evidence below which neither candidate is suggested. */
  least: 0.2,
  /** How much more probable than the best unused picture one must be to be shown in a second panel. */
  clearlyBest: 0.25,
  /** Sketches offered for a panel, each composed anew. */
  sketches: 2,
  /** Characters of a panel's text that are asked; encoders look at no more than a sentence or two. */
  queryLength: 300,
};

/** A picture drawn for a panel that holds no words to draw is of no use to anybody. */
const hasWords = (text: string): boolean => /\p{L}|\p{N}/u.test(text);

/**
 * Finds and draws pictures for panels ("match").
 *
 * Retrieval: the query is the panel's own text, translated to English where needed, and never the whole story, which
 * retrieves worse the longer it gets (Koh et al., GILL, 2023). The neighbours only put the candidates in order: a
 * picture ranks by its similarity to `panel + 0.2 · (before + after)`, with the three texts' unit vectors. Its
 * probability is calibrated on the similarity to the panel alone.
 *
 * Decision: a retrieved picture is worth its probability; a sketch is worth 0.75 times the share of the named things
 * it shows. The better one is suggested, neither when both are worth less than 0.2.
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
   * @param limit the most retrieved candidates
   * @throws FabulaError `not-found`
   */
  async match(
    input: {
      story: string;
      panel: string;
      query?: string | undefined;
      seed?: number | undefined;
      limit: number;
    },
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<Match> {
    const { story } = this.#parts.stories.open(input.story);
    const index = story.panels.findIndex((panel) => panel.id === input.panel);
    if (index < 0) {
      throw new FabulaError(
        'not-found',
        `“${story.title}” has no panel ${input.panel}. It may have been deleted.`,
      );
    }
    return this.#match(story, index, { ...input, sketches: rules.sketches, used: new Set(), signal });
  }

  /** Gives every panel without a picture its best match, as a job; each panel is one undoable edit. */
  start(story: string): Job {
    const { story: record } = this.#parts.stories.open(story);
    const waiting = record.panels.filter((panel) => !hasPicture(panel)).map((panel) => panel.id);
    return this.#parts.jobs.start(
      'illustrate',
      `Illustrate “${record.title || 'Untitled'}”: ${waiting.length} ${waiting.length === 1 ? 'panel' : 'panels'}`,
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
          const match = await this.#match(story, index, {
            limit: 1,
            sketches: 1,
            used: picturesOf(story),
            signal,
          });
          const label = `Illustrate panel ${index + 1}`;
          this.#parts.stories.change(id, (now) => {
            const edit = this.#illustrate(now, panel.id, match);
            return edit && { edit, label };
          });
        }
        finish(item);
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
      confidence: candidate.confidence,
      ...(candidate.scene === null ? {} : { scene: candidate.scene }),
    };
  }

  async #match(
    story: Story,
    index: number,
    options: {
      query?: string | undefined;
      seed?: number | undefined;
      limit: number;
      sketches: number;
      used: ReadonlySet<string>;
      signal?: AbortSignal | undefined;
    },
  ): Promise<Match> {
    const panel = story.panels[index]!;
    const asked = options.query?.trim() ?? '';
    const query =
      asked !== '' ? asked : panelText(panel).trim() || panel.dialogue.trim() || panel.notes.trim();
    if (!hasWords(query)) {
      return {
        panel: panel.id,
        query,
        retrieved: [],
        sketched: [],
        decision: {
          choice: 'none',
          confidence: 0,
          reason: 'The panel has no words yet, so there is nothing to find or draw.',
        },
      };
    }
    const before = story.panels[index - 1];
    const after = story.panels[index + 1];
    const neighbours = [before, after].map((other) => (other ? panelText(other) : '')).filter(hasWords);
    const [found, sketched] = await Promise.all([
      this.#retrieve(query, neighbours, options),
      this.#sketch(query, story, index, options),
    ]);
    options.signal?.throwIfAborted();
    return {
      panel: panel.id,
      query,
      retrieved: found.candidates,
      sketched,
      decision: decide(found.candidates[0], sketched[0], found.problem),
    };
  }

  async #retrieve(
    query: string,
    neighbours: string[],
    { limit, used, signal }: { limit: number; used: ReadonlySet<string>; signal?: AbortSignal | undefined },
  ): Promise<{ candidates: Candidate[]; problem: string | null }> {
    const { search, library } = this.#parts;
    let vectors: Float32Array[];
    try {
      const texts = [query, ...neighbours].map((text) =>
        translateToEnglish(text.slice(0, rules.queryLength)),
      );
      vectors = await search.encodeTexts(texts, { signal });
    } catch (error) {
      signal?.throwIfAborted();
      // A pack that cannot run costs the retrieved candidates, not the sketched ones; the reason says so.
      return { candidates: [], problem: toFailure(error).message };
    }
    const [own, ...others] = vectors;
    const near = search.search(own!, rules.pool);
    const ranked =
      others.length === 0
        ? near
        : rankWithNeighbours(near, search.search(mixed(own!, others), 4 * rules.pool));
    const candidates = ranked.map(({ asset, similarity }) => ({
      asset,
      confidence: search.probability(similarity),
    }));
    return {
      candidates: preferUnused(candidates, used)
        .slice(0, limit)
        .map(({ asset, confidence }) => {
          const { caption, name } = library.get(asset);
          return {
            asset,
            source: 'retrieved' as const,
            confidence,
            seed: null,
            scene: null,
            note: caption?.text ?? name,
          };
        }),
      problem: null,
    };
  }

  async #sketch(
    query: string,
    story: Story,
    index: number,
    { seed, sketches }: { seed?: number | undefined; sketches: number },
  ): Promise<Candidate[]> {
    const first = seed ?? panelSeed(story.settings.seed, index);
    const seeds = Array.from({ length: sketches }, (_, turn) => (first + turn) >>> 0);
    return Promise.all(
      seeds.map(async (one): Promise<Candidate> => {
        const scene = sketchScene(query, story, index, one);
        const svg = Buffer.from(drawScene(scene));
        const { asset } = await this.#parts.library.importBytes(`sketch-${one}.svg`, svg, {
          origin: 'sketched',
        });
        return {
          asset: asset.id,
          source: 'sketched',
          confidence: shareDrawn(scene),
          seed: one,
          scene,
          note: scene.unknown.length === 0 ? '' : `Not drawn: ${scene.unknown.join(', ')}`,
        };
      }),
    );
  }
}

/** Reads the scene of a panel, with the story's cast and what the panels before it tell. */
function sketchScene(text: string, story: Story, index: number, seed: number): Scene {
  return readScene(text, { seed, cast: story.cast, context: contextOf(story, index) });
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

/** The unit vector of `own + neighbourWeight · Σ others`; similarity to it orders pictures as the weighted sum does. */
function mixed(own: Float32Array, others: readonly Float32Array[]): Float32Array {
  const sum = own.map(
    (value, at) => value + rules.neighbourWeight * others.reduce((total, other) => total + other[at]!, 0),
  );
  const length = Math.hypot(...sum) || 1;
  return sum.map((value) => value / length);
}

/** Puts candidates in the order of another ranking; those it does not hold keep their order and come last. */
function rankWithNeighbours<T extends { asset: string }>(
  candidates: readonly T[],
  ranking: readonly { asset: string }[],
): T[] {
  const place = new Map(ranking.map(({ asset }, at) => [asset, at]));
  return candidates.toSorted(
    (a, b) => (place.get(a.asset) ?? ranking.length) - (place.get(b.asset) ?? ranking.length),
  );
}

/** Moves the best picture the story does not show yet to the front, unless a shown one is clearly better. */
function preferUnused<T extends { asset: string; confidence: number }>(
  candidates: readonly T[],
  used: ReadonlySet<string>,
): T[] {
  const best = candidates[0];
  const unused = candidates.find((candidate) => !used.has(candidate.asset));
  if (best === undefined || unused === undefined || best === unused) return [...candidates];
  if (best.confidence - unused.confidence >= rules.clearlyBest) return [...candidates];
  return [unused, ...candidates.filter((candidate) => candidate !== unused)];
}

/** The share of the things a text names that its scene shows, 0..1; 0 when it names nothing. */
function shareDrawn(scene: Scene): number {
  const drawn = new Set(scene.figures.map((figure) => figure.word.toLowerCase())).size;
  const named = drawn + scene.unknown.length;
  return named === 0 ? 0 : drawn / named;
}

function decide(
  retrieved: Candidate | undefined,
  sketched: Candidate | undefined,
  problem: string | null,
): Match['decision'] {
  const found = retrieved?.confidence ?? 0;
  const drawn = rules.sketchWorth * (sketched?.confidence ?? 0);
  const library =
    problem !== null
      ? `the library could not be searched (${problem.replace(/\.$/, '')})`
      : retrieved === undefined
        ? 'the library has no picture to offer'
        : `the nearest picture of the library (“${shorten(retrieved.note)}”) fits with ${percent(found)} probability`;
  const sketch = sketched?.scene
    ? sketched.scene.figures.length === 0
      ? 'a sketch would show the place alone'
      : `a sketch shows ${drawnOf(sketched.scene)}`
    : 'there is no sketch';
  const choice = Math.max(found, drawn) < rules.least ? 'none' : found >= drawn ? 'retrieve' : 'sketch';
  const reason = choice === 'sketch' ? `${sketch}, and ${library}.` : `${library}, and ${sketch}.`;
  return { choice, confidence: Math.max(found, drawn), reason: reason[0]!.toUpperCase() + reason.slice(1) };
}

function drawnOf(scene: Scene): string {
  const drawn = [...new Set(scene.figures.map((figure) => figure.word.toLowerCase()))];
  const named = drawn.length + scene.unknown.length;
  const list = drawn.slice(0, 4).join(', ') + (drawn.length > 4 ? ', …' : '');
  return `${drawn.length} of ${named} named ${named === 1 ? 'thing' : 'things'} (${list})`;
}

function percent(probability: number): string {
  return `${Math.round(100 * probability)} %`;
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59).trimEnd()}…` : text;
}
