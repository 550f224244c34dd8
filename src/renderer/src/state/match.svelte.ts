import * as api from '../api.ts';
import type { Candidate, CommandInput, Match } from '../../../shared/contract.ts';
import { FabulaError } from '../../../shared/errors.ts';
import { currentVersion, panelQuery, type Panel, type Story } from '../../../shared/story.ts';
import { newSeed } from './ids.ts';
import { t } from './language.svelte.ts';
import type { StoryState } from './story.svelte.ts';

/** Candidates of each kind asked for at first, and how many more at a time. */
const firstFound = 6;
const firstDrawn = 4;
const moreFound = 6;
const moreDrawn = 2;
const longestQuery = 10_000;

/**
 * One look for a picture for a panel. Candidates of the library and sketches are asked for apart, so that each kind
 * comes, fails, grows and is asked anew without the other; the decision comes with those of the library.
 */
export class MatchState {
  readonly panel: string;
  /** As written now; {@link asked} is what the candidates answer. */
  query = $state('');
  asked = $state('');
  /** Pictures in the query. */
  like = $state.raw<readonly string[]>([]);
  refused = $state.raw<readonly string[]>([]);
  retrieved = $state.raw<readonly Candidate[]>([]);
  sketched = $state.raw<readonly Candidate[]>([]);
  /** How many of each are on their way or wanted: that many places are kept for them. */
  wantedFound = $state(firstFound);
  wantedDrawn = $state(firstDrawn);
  finding = $state(false);
  drawing = $state(false);
  decision = $state.raw<Match['decision'] | null>(null);
  /** What the story tells of the picture. */
  condition = $state.raw<Match['condition']>(null);
  /** Why the library could not be searched. */
  libraryProblem = $state.raw<Match['problem']>(null);
  problem = $state('');
  /** Asset of the candidate to be used. */
  chosenAsset = $state<string | null>(null);

  readonly candidates = $derived([...this.retrieved, ...this.sketched]);
  readonly chosen = $derived(this.candidates.find(({ asset }) => asset === this.chosenAsset) ?? null);
  readonly suggested = $derived.by((): Candidate | null => {
    if (this.decision?.choice === 'retrieve') return this.retrieved[0] ?? null;
    if (this.decision?.choice === 'sketch') return this.sketched[0] ?? null;
    return null;
  });
  readonly working = $derived(this.finding || this.drawing);
  /** Whether the query is another than the candidates answer. */
  readonly edited = $derived(this.query.trim() !== this.asked.trim());
  /** Whether the candidates that are on their way are all there could be. */
  readonly moreToFind = $derived(!this.finding && this.retrieved.length >= this.wantedFound);

  readonly #story: StoryState;
  #find: AbortController | null = null;
  #draw: AbortController | null = null;
  /** The person chose by hand: what arrives later leaves the choice alone. */
  #choseByHand = false;

  constructor(story: StoryState, panel: string) {
    this.#story = story;
    this.panel = panel;
    this.query = this.ownText;
  }

  /** The panel's own text, which is asked when the person changes nothing. */
  get ownText(): string {
    const panel = this.#story.story.panels.find(({ id }) => id === this.panel);
    return panel ? panelQuery(panel).slice(0, longestQuery) : '';
  }

  get canAsk(): boolean {
    return this.query.trim() !== '' || this.like.length > 0;
  }

  /** Asks for both kinds with the query as it is written now. */
  async ask(): Promise<void> {
    this.asked = this.query;
    this.#choseByHand = false;
    this.wantedFound = firstFound;
    this.wantedDrawn = firstDrawn;
    this.sketched = [];
    await Promise.all([this.#findAgain(), this.#drawMore(firstDrawn)]);
  }

  /** Puts words behind the query, those it does not have yet; they are asked with the next question. */
  addWords(words: readonly string[]): void {
    const has = this.query.toLowerCase();
    const fresh = words.filter((word) => !has.includes(word.toLowerCase()));
    if (fresh.length === 0) return;
    const query = this.query.trim();
    this.query = [...(query === '' ? [] : [query]), ...fresh].join(/[,.!?]$/.test(query) ? ' ' : ', ');
  }

  /** Asks again with the panel's own text. */
  async askOwnText(): Promise<void> {
    this.query = this.ownText;
    await this.ask();
  }

  /** Draws other sketches of the same query. */
  async drawOthers(): Promise<void> {
    this.wantedDrawn = Math.max(firstDrawn, this.sketched.length);
    this.sketched = [];
    await this.#drawMore(this.wantedDrawn, newSeed());
  }

  async showMoreFound(): Promise<void> {
    this.wantedFound += moreFound;
    await this.#findAgain();
  }

  async showMoreDrawn(): Promise<void> {
    this.wantedDrawn = this.sketched.length + moreDrawn;
    await this.#drawMore(moreDrawn, this.#nextSeed());
  }

  /** Makes a picture part of the query, or takes it out again. */
  async setLike(asset: string, wanted: boolean): Promise<void> {
    this.like = wanted ? [...new Set([...this.like, asset])] : this.like.filter((one) => one !== asset);
    this.asked = this.query;
    this.#choseByHand = false;
    if (this.canAsk) await this.#findAgain();
  }

  /** Takes a candidate away for good, lowers what looks like it, and records that it was refused. */
  async refuse(candidate: Candidate): Promise<void> {
    void this.#record({ refused: [candidate.asset] });
    this.refused = [...this.refused, candidate.asset];
    const at = this.candidates.indexOf(candidate);
    const rest = this.candidates.filter(({ asset }) => asset !== candidate.asset);
    if (candidate.source === 'retrieved') {
      this.retrieved = this.retrieved.filter(({ asset }) => asset !== candidate.asset);
    } else this.sketched = this.sketched.filter(({ asset }) => asset !== candidate.asset);
    if (this.chosenAsset === candidate.asset) {
      this.chosenAsset = (rest[at] ?? rest[at - 1])?.asset ?? null;
    }
    await (candidate.source === 'retrieved' ? this.#findAgain() : this.#drawMore(1, this.#nextSeed()));
  }

  /** Offers what was refused again. */
  async bringBack(): Promise<void> {
    this.refused = [];
    await this.#findAgain();
  }

  choose(candidate: Candidate): void {
    this.#choseByHand = true;
    this.chosenAsset = candidate.asset;
  }

  /** Stops what is still on its way; what has arrived stays. */
  stop(): void {
    this.#find?.abort();
    this.#draw?.abort();
  }

  /**
   * Puts the chosen candidate into the panel and records that it was taken.
   *
   * @returns the block that shows it; undefined where nothing is chosen, or it is gone, which `problem` then says
   */
  async accept(): Promise<string | undefined> {
    const { chosen } = this;
    if (!chosen) return undefined;
    try {
      await api.command('library.get', { asset: chosen.asset });
    } catch (error) {
      if (!(error instanceof FabulaError && error.code === 'not-found')) throw error;
      this.retrieved = this.retrieved.filter(({ asset }) => asset !== chosen.asset);
      this.sketched = this.sketched.filter(({ asset }) => asset !== chosen.asset);
      this.chosenAsset = this.candidates[0]?.asset ?? null;
      this.problem = t('match.candidateGone');
      return undefined;
    }
    const packs = await api.command('packs.list', {});
    const encode = packs.find((pack) => pack.problem === null && pack.roles.includes('encode'));
    const pack = encode && `${encode.id}@${encode.revision}`;
    const block = this.#story.useCandidate(this.panel, chosen, this.asked.trim(), pack);
    this.stop();
    void this.#record({ accepted: chosen.asset });
    return block;
  }

  async #findAgain(): Promise<void> {
    this.#find?.abort();
    const controller = new AbortController();
    this.#find = controller;
    this.finding = true;
    this.problem = '';
    try {
      const answer = await this.#request({ limit: this.wantedFound, sketches: 0 }, controller, (found) => {
        this.retrieved = found;
        this.#settle();
      });
      if (controller.signal.aborted) return;
      this.retrieved = answer.retrieved;
      this.libraryProblem = answer.problem;
      this.decision = answer.decision;
      this.condition = answer.condition;
      this.finding = false;
      this.#settle();
    } catch (error) {
      if (!controller.signal.aborted) this.problem = worded(error);
    } finally {
      if (this.#find === controller) this.finding = false;
    }
  }

  /** @param seed of the first; the panel's own when left out */
  async #drawMore(sketches: number, seed?: number): Promise<void> {
    this.#draw?.abort();
    if (this.asked.trim() === '') {
      this.sketched = [];
      this.drawing = false;
      return;
    }
    const controller = new AbortController();
    this.#draw = controller;
    this.drawing = true;
    try {
      const seeded = seed === undefined ? {} : { seed };
      // What is drawn already is not drawn again.
      const unlike = [...this.refused, ...this.sketched.map(({ asset }) => asset)].slice(-100);
      const take = (drawn: readonly Candidate[]): void => {
        const known = new Set(this.sketched.map(({ asset }) => asset));
        this.sketched = [...this.sketched, ...drawn.filter(({ asset }) => !known.has(asset))];
        this.#settle();
      };
      const answer = await this.#request({ limit: 0, sketches, unlike, ...seeded }, controller, take);
      // A part may come after the whole, and is not heard any more.
      if (!controller.signal.aborted) take(answer.sketched);
    } catch (error) {
      if (!controller.signal.aborted) this.problem = worded(error);
    } finally {
      if (this.#draw === controller) {
        this.drawing = false;
        this.wantedDrawn = this.sketched.length;
        this.#settle();
      }
    }
  }

  async #request(
    what: Pick<CommandInput<'stories.match'>, 'limit' | 'sketches' | 'seed' | 'unlike'>,
    { signal }: AbortController,
    onCandidates: (candidates: Candidate[]) => void,
  ): Promise<Match> {
    await this.#story.whenSaved();
    const query = this.asked.trim().slice(0, longestQuery);
    return api.request(
      'stories.match',
      {
        story: this.#story.id,
        panel: this.panel,
        query,
        like: [...this.like],
        unlike: this.refused.slice(-100),
        ...what,
      },
      {
        signal,
        onPart: (part) => {
          if (part.kind === 'candidates' && part.candidates.length > 0) onCandidates(part.candidates);
        },
      },
    );
  }

  /** Chooses the suggestion as soon as there is one, unless the person has chosen. */
  #settle(): void {
    if (this.#choseByHand && this.chosen) return;
    const settled = this.suggested ?? (this.decision === null ? null : this.candidates[0]);
    if (settled) this.chosenAsset = settled.asset;
  }

  #nextSeed(): number {
    const seeds = this.sketched.map(({ seed }) => seed ?? 0);
    return seeds.length === 0 ? newSeed() : (Math.max(...seeds) + 1) >>> 0;
  }

  async #record(choice: { accepted?: string; refused?: string[] }): Promise<void> {
    const shown = [this.retrieved, this.sketched].flatMap((list) =>
      list.map(({ asset, source, confidence }, rank) => ({ asset, source, confidence, rank })),
    );
    const record = {
      story: this.#story.id,
      panel: this.panel,
      query: this.asked.trim().slice(0, longestQuery),
      like: [...this.like],
      shown: shown.slice(0, 200),
      suggested: this.suggested?.asset ?? null,
      odds: this.decision?.odds ?? null,
      ...choice,
    };
    // What could not be recorded is a lesson lost, and no reason to disturb the person who has just chosen.
    await api.command('stories.choose', record).catch(() => undefined);
  }
}

function worded(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether a panel shows a picture. */
export function hasPicture(panel: Panel): boolean {
  return panel.blocks.some((block) => block.type === 'image' && currentVersion(block) !== undefined);
}

/** The next panel after one that has no picture, from the beginning again past the end; null when every other has. */
export function nextWithoutPicture(story: Story, panel: string): string | null {
  const at = story.panels.findIndex(({ id }) => id === panel);
  const around = [...story.panels.slice(at + 1), ...story.panels.slice(0, Math.max(0, at))];
  return around.find((one) => !hasPicture(one))?.id ?? null;
}
