import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { FabulaError } from '../../../shared/errors.ts';
import { wordKinds, type Box, type SeenWords, type Word } from '../../../shared/pyramid.ts';

/** The words of a pack, in the order of its network's outputs. */
const VocabularySchema = z
  .array(
    z.object({
      word: z.string().min(1).max(200),
      kind: z.enum(wordKinds),
      /** The layers the word may stand in, 1 to 3. */
      layers: z.array(z.number().int().min(1).max(3)).min(1),
      /** Every word that says the same of more things, as `animal` for `dog`. */
      broader: z.array(z.string()),
    }),
  )
  .min(1)
  .max(20_000);
export type Vocabulary = z.infer<typeof VocabularySchema>;

/** @throws FabulaError `corrupt-pack` naming the file */
export async function loadVocabulary(file: string): Promise<Vocabulary> {
  try {
    return VocabularySchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw new FabulaError(
      'corrupt-pack',
      `${file} holds no list of words. Get the pack again.`,
      {},
      { cause },
    );
  }
}

const most = { things: 3, places: 2, subjects: 4, details: 16 };
/** Words less likely than this are not shown. */
const least = { subject: 0.25, detail: 0.12 };
/** A narrower word is taken for a broader one from this share of its probability on: `dog` for `animal`. */
const narrowerShare = 0.75;
/** A place is the concept only where nothing stands out before it. */
const placeShare = 0.8;

/**
 * Chooses the words of each layer. Coarse words are right more often than fine ones, so the higher a layer, the fewer
 * words it has and the likelier they are; what is said by a narrower word is not said again by a broader one.
 *
 * @param presence f32 [words], probabilities
 * @param cells f32 [side * side, words], logits of where each word was seen, row by row
 */
export function chooseWords(vocabulary: Vocabulary, presence: Float32Array, cells: Float32Array): SeenWords {
  const seen = vocabulary
    .map((entry, at) => ({ ...entry, at, probability: Math.min(1, Math.max(0, presence[at] ?? 0)) }))
    .sort((a, b) => b.probability - a.probability);
  type Seen = (typeof seen)[number];
  const placed = ({ word, kind, probability, at }: Seen): Word => ({
    word,
    kind,
    probability: Math.round(probability * 1000) / 1000,
    box: kind === 'time' || kind === 'count' ? null : boxOfCells(cells, vocabulary.length, at),
  });
  const saidNarrower = (word: Seen, share: number): boolean =>
    seen.some((other) => other.broader.includes(word.word) && other.probability >= share * word.probability);

  const weight = ({ kind, probability }: Seen): number => probability * (kind === 'place' ? placeShare : 1);
  const coarse = seen.filter(({ layers }) => layers.includes(1));
  let concept = coarse.reduce(
    (best, word) => (weight(word) > weight(best) ? word : best),
    coarse[0] ?? seen[0]!,
  );
  for (;;) {
    const narrower = coarse.find(
      (word) =>
        word.broader.includes(concept.word) && word.probability >= narrowerShare * concept.probability,
    );
    if (narrower === undefined) break;
    concept = narrower;
  }

  const said = new Set([concept.word, ...concept.broader]);
  const subjects: Seen[] = [];
  for (const word of seen) {
    if (subjects.length >= most.subjects || word.probability < least.subject) break;
    if (!word.layers.includes(2) || said.has(word.word) || saidNarrower(word, narrowerShare)) continue;
    const alike = subjects.filter(({ kind }) => (kind === 'place') === (word.kind === 'place')).length;
    if (alike >= (word.kind === 'place' ? most.places : most.things)) continue;
    subjects.push(word);
    for (const one of [word.word, ...word.broader]) said.add(one);
  }
  const details: Seen[] = [];
  for (const word of seen) {
    if (details.length >= most.details || word.probability < least.detail) break;
    if (!word.layers.some((layer) => layer > 1) || said.has(word.word)) continue;
    details.push(word);
    for (const one of [word.word, ...word.broader]) said.add(one);
  }
  return { concept: placed(concept), subjects: subjects.map(placed), details: details.map(placed) };
}

/**
 * The box around where a word was seen: the cells joined to the surest one that are at least half as sure. A cell at
 * the rim that is less sure than the surest is taken to be covered in part only.
 *
 * @param cells f32 [side * side, count], logits
 */
export function boxOfCells(cells: Float32Array, count: number, word: number): Box {
  const side = Math.round(Math.sqrt(cells.length / count));
  const sure = Array.from(
    { length: side * side },
    (_, at) => 1 / (1 + Math.exp(-(cells[at * count + word] ?? 0))),
  );
  const highest = Math.max(...sure);
  const start = sure.indexOf(highest);
  const inside = new Set([start]);
  for (const at of inside) {
    const column = at % side;
    for (const next of [
      at - side,
      at + side,
      ...(column > 0 ? [at - 1] : []),
      ...(column < side - 1 ? [at + 1] : []),
    ]) {
      if ((sure[next] ?? 0) >= 0.5 * highest) inside.add(next);
    }
  }
  const rim = (along: (at: number) => number): { from: number; to: number } => {
    const strongest = new Map<number, number>();
    for (const at of inside) {
      strongest.set(along(at), Math.max(strongest.get(along(at)) ?? 0, (sure[at] ?? 0) / highest));
    }
    const from = Math.min(...strongest.keys());
    const to = Math.max(...strongest.keys());
    return {
      from: (from + (1 - (strongest.get(from) ?? 1)) / 2) / side,
      to: (to + 1 - (1 - (strongest.get(to) ?? 1)) / 2) / side,
    };
  };
  const across = rim((at) => at % side);
  const down = rim((at) => Math.floor(at / side));
  const round = (value: number): number => Math.round(value * 1000) / 1000;
  return {
    x: round(across.from),
    y: round(down.from),
    width: round(across.to - across.from),
    height: round(down.to - down.from),
  };
}
