import type { Case } from './cases.ts';
import { Decider, type DecideModel, type Lesson } from '../../src/main/decide/decider.ts';
import type { TasteTopic } from '../../src/shared/taste-topics.ts';
import { mulberry32, pick } from '../../src/main/sketch/random.ts';

/**
 * People with a steady taste, simulated: each answers questions of one library one after another, and the decision is
 * scored on what they take next, before they have answered anything and after some answers.
 */
export interface Person {
  name: string;
  /** Whether they would rather have a drawing; null where they go by what is right. */
  prefersDrawing: (topics: ReadonlySet<TasteTopic>) => boolean | null;
}

const has = (topics: ReadonlySet<TasteTopic>, ...any: readonly TasteTopic[]): boolean =>
  any.some((topic) => topics.has(topic));

export const people: readonly Person[] = [
  {
    name: 'drawings of animals, library pictures of the rest',
    prefersDrawing: (about) => has(about, 'animals'),
  },
  {
    name: 'library pictures of scenery, drawings of the rest',
    prefersDrawing: (about) => !has(about, 'scenery'),
  },
  { name: 'never drawings of people', prefersDrawing: (about) => !has(about, 'people') },
  { name: 'drawings only', prefersDrawing: () => true },
  { name: 'library pictures only', prefersDrawing: () => false },
  {
    name: 'drawings of people, and else what is right',
    prefersDrawing: (about) => (has(about, 'people') ? true : null),
  },
  {
    name: 'drawings of made-up creatures, animals and nights',
    prefersDrawing: (about) => has(about, 'creatures', 'animals', 'night'),
  },
  { name: 'drawings of long texts', prefersDrawing: (about) => has(about, 'long') },
];

/** How often a person takes the other kind for no reason. */
const whims = 0.05;

export interface Learning {
  person: string;
  before: number;
  after: number;
}

/**
 * Simulates every person with several seeds: `answers` questions teach, the next `asked` are scored.
 *
 * @param cases questions in which both a picture of the library and a drawing were offered
 */
export function simulate(
  model: DecideModel,
  cases: readonly Case[],
  { seeds, answers = 20, asked = 100 }: { seeds: number; answers?: number; asked?: number },
): Learning[] {
  const both = cases.filter(({ evidence }) => evidence.found !== null && (evidence.drawn ?? 0) > 0);
  const untaught = new Decider(model, () => []);
  return people.map((person) => {
    let before = 0;
    let after = 0;
    for (let seed = 1; seed <= seeds; seed++) {
      const random = mulberry32(1000 * seed + person.name.length);
      const take = (one: Case): boolean => {
        const wish = person.prefersDrawing(untaught.topics(one.text));
        const drawn = wish ?? one.right !== 'retrieve';
        return random() < whims ? !drawn : drawn;
      };
      const lessons: Lesson[] = [];
      for (let nth = 0; nth < answers; nth++) {
        const one = pick(random, both);
        const { odds } = untaught.decide(one.text, one.evidence);
        lessons.unshift({ number: nth, text: one.text, odds, drawn: take(one) });
      }
      const taught = new Decider(model, () => lessons);
      const known = new Set(lessons.map(({ text }) => text));
      const fresh = both.filter(({ text }) => !known.has(text));
      for (let nth = 0; nth < asked; nth++) {
        const one = pick(random, fresh);
        const right = take(one) ? 'sketch' : 'retrieve';
        if (untaught.decide(one.text, one.evidence).choice === right) before += 1;
        if (taught.decide(one.text, one.evidence).choice === right) after += 1;
      }
    }
    const of = (count: number): number => count / (seeds * asked);
    return { person: person.name, before: of(before), after: of(after) };
  });
}
