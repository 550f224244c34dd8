import type { Lessons as LessonsRecord } from '../../shared/contract.ts';
import type { Packs } from '../models/packs.ts';
import { Decider, decideModelFile, readDecideModel, type Lesson } from './decider.ts';
import { chance } from './regression.ts';
import type { Taste } from './taste.ts';

export interface LessonsParts {
  packs: Pick<Packs, 'get'>;
  choices: { lessons(): Lesson[]; lessonCounts(): { state: string; leftOut: number } };
  /** Whether the person wants suggestions to learn. */
  learning: () => boolean;
}

interface Loaded {
  /** `pack@revision`. */
  version: string;
  decider: Decider;
  /** The same without any lessons. */
  untaught: Decider;
}

/**
 * The decision of the pack in use, taught by the choices of this studio. Nothing learnt is kept but the choices
 * themselves: what they teach is worked out anew when they change, so that taking one out takes back all it taught.
 */
export class Lessons {
  readonly #parts: LessonsParts;
  #loaded: Loaded | null = null;
  #known: { state: string; lessons: Lesson[] } | null = null;

  constructor(parts: LessonsParts) {
    this.#parts = parts;
  }

  /** What decides now; null where no pack can, which `packs list` explains. */
  decider(): Decider | null {
    const loaded = this.#load();
    return loaded && (this.#parts.learning() ? loaded.decider : loaded.untaught);
  }

  /** What was learnt, whether or not suggestions use it. */
  get(): LessonsRecord {
    const loaded = this.#load();
    const { leftOut } = this.#parts.choices.lessonCounts();
    const taste: Taste | undefined = loaded?.decider.taste();
    return {
      pack: loaded?.version ?? null,
      learning: this.#parts.learning(),
      answers: taste?.answers ?? 0,
      leftOut,
      topics: (taste?.topics ?? []).map(({ topic, weight, deviation, drawn, found }) => ({
        topic,
        leaning: chance(weight),
        sure: Math.abs(weight) >= deviation,
        drawn,
        found,
      })),
    };
  }

  #lessons(): Lesson[] {
    const { state } = this.#parts.choices.lessonCounts();
    if (this.#known?.state !== state) this.#known = { state, lessons: this.#parts.choices.lessons() };
    return this.#known.lessons;
  }

  #load(): Loaded | null {
    let pack;
    try {
      pack = this.#parts.packs.get('decide');
      if (this.#loaded?.version === pack.version) return this.#loaded;
      const model = readDecideModel(decideModelFile(pack));
      this.#loaded = {
        version: pack.version,
        decider: new Decider(model, () => this.#lessons()),
        untaught: new Decider(model, () => []),
      };
    } catch {
      // A fixed rule decides then; the list of packs says what is wrong with one that is there.
      this.#loaded = null;
    }
    return this.#loaded;
  }
}
