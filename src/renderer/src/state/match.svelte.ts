import * as api from '../api.ts';
import type { Candidate, Match } from '../../../shared/contract.ts';
import { panelText } from '../../../shared/story.ts';
import { newSeed } from './ids.ts';
import type { StoryState } from './story.svelte.ts';

/** One look for a picture for a panel: candidates from the library and newly sketched, and a suggested choice. */
export class MatchState {
  readonly panel: string;
  query = $state('');
  answer = $state.raw<Match | null>(null);
  chosen = $state.raw<Candidate | null>(null);
  working = $state(false);
  problem = $state('');
  readonly suggested = $derived(this.answer ? suggestedOf(this.answer) : null);

  readonly #story: StoryState;
  #seed: number | undefined;
  #run = 0;

  constructor(story: StoryState, panel: string) {
    this.#story = story;
    this.panel = panel;
  }

  /** The panel's own text, which is asked when the person changes nothing. */
  get panelText(): string {
    const panel = this.#story.story.panels.find((one) => one.id === this.panel);
    return panel ? panelText(panel) : '';
  }

  /** Asks with the panel's own text. */
  async start(): Promise<void> {
    await this.#ask(undefined);
  }

  /** Asks again with the query as it is written now. */
  async askAgain(): Promise<void> {
    await this.#ask(this.query);
  }

  /** Draws other sketches of the same query. */
  async drawOthers(): Promise<void> {
    this.#seed = newSeed();
    await this.#ask(this.query);
  }

  /** Puts the chosen candidate into the panel; answers the block that shows it. */
  async accept(): Promise<string | undefined> {
    if (!this.answer || !this.chosen) return undefined;
    const packs = await api.command('packs.list', {});
    const encode = packs.find((pack) => pack.problem === null && pack.roles.includes('encode'));
    return this.#story.useCandidate(
      this.panel,
      this.chosen,
      this.answer.query,
      encode && `${encode.id}@${encode.revision}`,
    );
  }

  async #ask(query: string | undefined): Promise<void> {
    const run = ++this.#run;
    this.working = true;
    this.problem = '';
    try {
      const answer = await this.#story.match(this.panel, query, this.#seed);
      if (run !== this.#run) return;
      this.answer = answer;
      this.query = answer.query;
      this.chosen = suggestedOf(answer) ?? answer.retrieved[0] ?? answer.sketched[0] ?? null;
    } catch (error) {
      if (run === this.#run) this.problem = error instanceof Error ? error.message : String(error);
    } finally {
      if (run === this.#run) this.working = false;
    }
  }
}

function suggestedOf({ decision, retrieved, sketched }: Match): Candidate | null {
  if (decision.choice === 'retrieve') return retrieved[0] ?? null;
  if (decision.choice === 'sketch') return sketched[0] ?? null;
  return null;
}
