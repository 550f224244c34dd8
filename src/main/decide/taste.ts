import { z } from 'zod';
import { tasteTopics, type TasteTopic } from '../../shared/taste-topics.ts';
import { readScene } from '../sketch/read.ts';
import type { Kind } from './kinds.ts';
import { fitBayes, type Posterior } from './regression.ts';

/**
 * What a person likes drawn and what found, learnt from the pictures they took: a Bayesian logistic regression beside
 * the decision. Every weight begins at "no opinion" and is held there by its prior, so that few answers already count,
 * one alone decides nothing, and taking answers away takes their lesson away: the taste is fitted anew from the answers
 * that are left, and without any there is none.
 */

/** Texts of more words than this are long ones. */
const longText = 12;
const longestRead = 600;

/** The topics of a text, each there or not. */
export function topicsOf(
  text: string,
  kindOf: (icon: string) => Kind,
  indoors: (place: string) => boolean,
): Set<TasteTopic> {
  const short = text.slice(0, longestRead);
  const scene = readScene(short, { seed: 1 });
  const topics = new Set<TasteTopic>(['always']);
  for (const { icon } of scene.figures) {
    const kind = kindOf(icon);
    if (kind !== 'signs') topics.add(kind);
  }
  // Without anybody or anything that lives in it, a picture is one of its place.
  if (!['animals', 'people', 'creatures'].some((kind) => topics.has(kind as TasteTopic)))
    topics.add('scenery');
  if (scene.time === 'night') topics.add('night');
  if (indoors(scene.place)) topics.add('indoors');
  if ((short.match(/[\p{L}\p{M}\p{N}']+/gu)?.length ?? 0) > longText) topics.add('long');
  return topics;
}

/** One answer: of a drawing and a picture of the library, which was taken. */
export interface Answered {
  topics: ReadonlySet<TasteTopic>;
  /** What the decision's log-odds for a drawing were without any taste; 0 when that is not known. */
  odds: number;
  drawn: boolean;
  /** 1 for an answer as good as any; less for older ones. */
  weight: number;
}

export const TastePriorSchema = z.object({
  /** How far, in log-odds, tastes differ in general, and about one topic. */
  always: z.number().positive(),
  topic: z.number().positive(),
  /** How far people differ in how much they heed the evidence. */
  evidence: z.number().positive(),
  /** Evidence counts no more than this, so that no number of answers is too few to say otherwise. */
  most: z.number().positive(),
});
export type TastePrior = z.infer<typeof TastePriorSchema>;

export interface Taste {
  answers: number;
  /** How much the evidence counts beside the taste; 1 without answers. */
  evidence: number;
  /** Log-odds for a drawing that each topic adds, with how unsure that is, and how many answers it rests on. */
  topics: { topic: TasteTopic; weight: number; deviation: number; drawn: number; found: number }[];
}

const clamp = (value: number, most: number): number => Math.min(most, Math.max(-most, value));

/** Learns a taste from answers; with none it is no taste, and changes nothing. */
export function learnTaste(answered: readonly Answered[], prior: TastePrior): Taste {
  const priors = [
    { mean: 1, deviation: prior.evidence },
    ...tasteTopics.map((topic) => ({ mean: 0, deviation: topic === 'always' ? prior.always : prior.topic })),
  ];
  const fitted: Posterior =
    answered.length === 0
      ? { mean: priors.map(({ mean }) => mean), deviation: priors.map(({ deviation }) => deviation) }
      : fitBayes(
          answered.map(({ topics, odds, drawn, weight }) => ({
            inputs: [clamp(odds, prior.most), ...tasteTopics.map((topic) => (topics.has(topic) ? 1 : 0))],
            yes: drawn,
            weight,
          })),
          priors,
        );
  return {
    answers: answered.length,
    evidence: fitted.mean[0]!,
    topics: tasteTopics.map((topic, at) => {
      const about = answered.filter(({ topics }) => topics.has(topic));
      const drawn = about.filter((one) => one.drawn).length;
      return {
        topic,
        weight: fitted.mean[at + 1]!,
        deviation: fitted.deviation[at + 1]!,
        drawn,
        found: about.length - drawn,
      };
    }),
  };
}

/** The log-odds of a drawing against a picture of the library once the taste has its say. */
export function withTaste(
  taste: Taste,
  odds: number,
  topics: ReadonlySet<TasteTopic>,
  { most }: TastePrior,
): { odds: number; added: number } {
  if (taste.answers === 0) return { odds, added: 0 };
  const said = taste.topics.reduce((sum, { topic, weight }) => sum + (topics.has(topic) ? weight : 0), 0);
  const changed = taste.evidence * clamp(odds, most) + said;
  return { odds: changed, added: changed - clamp(odds, most) };
}
