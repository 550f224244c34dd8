import type { CaptionOptions } from '../../../shared/contract.ts';
import type { Json } from '../../../shared/errors.ts';
import type { CaptionSteering } from '../../models/messages.ts';
import { learnStyle, type StyleProfile } from './profile.ts';
import { wordBonuses } from './vocabulary.ts';
import { writeInStyle, type CandidateCaption } from './write.ts';

/** Beams of a steered search: more to choose from than for the likeliest caption alone. */
const beams = 5;
/** Words from which a caption of the model is long, and up to which it is short. */
const long = 11;
const short = 7;

/** A caption style learned from examples: how to search for captions, and how to put what was found. */
export class CaptionStyle {
  readonly profile: StyleProfile;
  readonly steering: CaptionSteering;

  /** @throws FabulaError `invalid-input` for examples no style can be learned from */
  constructor(examples: readonly string[]) {
    this.profile = learnStyle(examples);
    const { form, length, preferences } = this.profile;
    const lengthPenalty =
      form !== 'sentence' ? 1 : length.middle >= long ? 1.6 : length.middle <= short ? 0.6 : 0.9;
    this.steering = { beams, lengthPenalty, words: wordBonuses(preferences) };
  }

  /** A caption in the style from what the search came to for one picture; empty where it came to nothing. */
  write(candidates: readonly CandidateCaption[]): string {
    return writeInStyle(candidates, this.profile);
  }

  /** What is kept with a caption about how its style was made. */
  provenance(options: Pick<CaptionOptions, 'style' | 'examples'>): { [key: string]: Json } {
    const { beams: used, lengthPenalty } = this.steering;
    return {
      beams: used,
      lengthPenalty,
      style: { ...(options.style === '' ? {} : { name: options.style }), examples: options.examples },
    };
  }
}

/** The style that options ask for; null for the model's own. */
export function styleOf(options: Pick<CaptionOptions, 'examples'>): CaptionStyle | null {
  return options.examples.length === 0 ? null : new CaptionStyle(options.examples);
}
