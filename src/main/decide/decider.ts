import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { FabulaError } from '../../shared/errors.ts';
import type { TasteTopic } from '../../shared/taste-topics.ts';
import { explainFileError } from '../fs-errors.ts';
import { places } from '../sketch/places.ts';
import { EvidenceModelSchema, likeliest, scoresOf, type Answer, type Evidence } from './evidence.ts';
import { kindReader, kinds, type Kind } from './kinds.ts';
import { learnTaste, TastePriorSchema, topicsOf, withTaste, type Answered, type Taste } from './taste.ts';
import { drawnOdds, readText, TextModelSchema } from './text.ts';

/** The file of a pack with the role `decide`. */
export const DecideModelSchema = z.object({
  format: z.literal(1),
  /** Icons of the painter's figures by kind; what is in none is a thing. */
  kinds: z.partialRecord(z.enum(kinds), z.array(z.string())),
  text: TextModelSchema,
  evidence: EvidenceModelSchema,
  taste: TastePriorSchema,
});
export type DecideModel = z.infer<typeof DecideModelSchema>;

/** Reads the model of a pack. @throws FabulaError `corrupt-pack` naming the file */
export function readDecideModel(file: string): DecideModel {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw explainFileError(error, file);
  }
  let parsed;
  try {
    parsed = DecideModelSchema.safeParse(JSON.parse(text));
  } catch {
    throw new FabulaError('corrupt-pack', `${file} is not JSON. Install the pack again.`);
  }
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new FabulaError('corrupt-pack', `${file}: ${path.join('.')}: ${message}. Install the pack again.`);
}

/** A picture that was taken where a drawing and a picture of the library were both offered. */
export interface Lesson {
  number: number;
  text: string;
  /** As {@link Decision.odds}; null where it was not noted. */
  odds: number | null;
  drawn: boolean;
}

export interface Decision {
  choice: Answer;
  /** 0..1, how likely the choice is right. */
  probability: number;
  /** Log-odds of a drawing against a picture of the library without any taste; null where only one of them is possible. */
  odds: number | null;
  /** The topic of the taste that says most for the choice, where the taste has any say. */
  taste: TasteTopic | null;
}

/** A taste says something once it moves the odds by this much. */
const leastSaid = 0.4;
/** After so many more answers an answer counts half: tastes change. */
const halfLife = 150;
/** Answers looked at; older ones count for almost nothing. */
export const mostLessons = 500;

const indoorPlaces = new Set(
  places.filter(({ indoor, name }) => indoor === true && name !== 'plain').map(({ name }) => name),
);

/**
 * Decides between a picture of the library, a drawing and neither: by the evidence, by the text alone, and by what the
 * person took before.
 */
export class Decider {
  readonly #model: DecideModel;
  readonly #kindOf: (icon: string) => Kind;
  readonly #lessons: () => readonly Lesson[];
  /** The topics of texts that were read, so that a taste is learnt anew at once. */
  readonly #topics = new Map<string, Set<TasteTopic>>();

  /** @param lessons the answers to learn from, the latest first; none where nothing is to be learnt */
  constructor(model: DecideModel, lessons: () => readonly Lesson[]) {
    this.#model = model;
    this.#kindOf = kindReader(model.kinds);
    this.#lessons = lessons;
  }

  /** What the text alone says: log-odds that it is better drawn than found. */
  textOdds(text: string): number {
    return drawnOdds(this.#model.text, readText(text, this.#kindOf));
  }

  decide(text: string, evidence: Omit<Evidence, 'text'>): Decision {
    const scores = scoresOf(this.#model.evidence, { ...evidence, text: this.textOdds(text) });
    const difference = scores.sketch - scores.retrieve;
    if (!Number.isFinite(difference)) {
      const { answer, shares } = likeliest(scores);
      return { choice: answer, probability: shares[answer], odds: null, taste: null };
    }
    const taste = this.taste();
    const topics = this.topics(text);
    const { odds, added } = withTaste(taste, difference, topics, this.#model.taste);
    // The taste moves drawing and library picture against each other, and leaves alone how good the better one is.
    const middle = Math.max(scores.sketch, scores.retrieve);
    const { answer, shares } = likeliest({
      retrieve: odds > 0 ? middle - odds : middle,
      sketch: odds > 0 ? middle : middle + odds,
      none: scores.none,
    });
    const side = answer === 'sketch' ? 1 : -1;
    const said = Math.abs(added) >= leastSaid && added * side > 0 && answer !== 'none';
    return {
      choice: answer,
      probability: shares[answer],
      odds: difference,
      taste: said ? mostSaid(taste, topics, side) : null,
    };
  }

  /** What was learnt, from the answers there are now. */
  taste(): Taste {
    const answered = this.#lessons()
      .slice(0, mostLessons)
      .map(({ text, odds, drawn }, age): Answered => ({
        topics: this.topics(text),
        odds: odds ?? 0,
        drawn,
        weight: 0.5 ** (age / halfLife),
      }));
    return learnTaste(answered, this.#model.taste);
  }

  topics(text: string): Set<TasteTopic> {
    let topics = this.#topics.get(text);
    if (topics === undefined) {
      topics = topicsOf(text, this.#kindOf, (place) => indoorPlaces.has(place));
      if (this.#topics.size >= 2 * mostLessons) this.#topics.clear();
      this.#topics.set(text, topics);
    }
    return topics;
  }
}

function mostSaid(taste: Taste, topics: ReadonlySet<TasteTopic>, side: number): TasteTopic | null {
  const about = taste.topics.filter(({ topic, weight }) => topics.has(topic) && weight * side > 0);
  return about.toSorted((a, b) => Math.abs(b.weight) - Math.abs(a.weight))[0]?.topic ?? null;
}

/** The model file of a pack that fills the role. */
export function decideModelFile(pack: { folder: string; role: { model: string } }): string {
  return join(pack.folder, pack.role.model);
}
