import { join } from 'node:path';
import type { Tensor } from 'onnxruntime-node';
import type { Condition } from '../../../shared/condition.ts';
import type { JoinWith, Seen, WriteWith } from '../messages.ts';
import { bytesTensor, floats, floatsTensor, idsTensor, type Network, type Sessions } from '../session.ts';

/** The most figures a condition tells of: more than a sketch has room for help nobody. */
const mostFigures = 6;
/** Panels before the current one whose figures it may still have. */
const panelsBack = 3;

/** Pictures as a writer sees them: keys and values of positions, wherever they are put. */
export interface Pictures {
  /** Positions a picture takes. */
  positions: number;
  /** f32 [L, 2, H, positions, D] of a picture whose first position is `position`. */
  at(picture: number, position: number): Promise<Float32Array>;
}

/** The maps of the role `join` (see `roles.ts` for their shapes). */
export class Join {
  readonly #sessions: Sessions;

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  /** Looks at pictures once; they may then be put anywhere. */
  async pictures({ with: use, pixels, count }: NonNullable<Seen>, signal: AbortSignal): Promise<Pictures> {
    const { role, folder } = use;
    const vision = await this.#sessions.get(join(folder, role.vision));
    const see = await this.#sessions.get(join(folder, role.see));
    signal.throwIfAborted();
    const size = role.imageSize;
    const [tokens] = await vision.run({ pixels: bytesTensor(pixels, [count, size, size, 3]) }, ['tokens']);
    const values = floats(only(tokens));
    const each = values.length / count;
    const shape = only(tokens).dims.slice(1);
    return {
      positions: role.positions,
      at: async (picture, position) => {
        const inputs = {
          tokens: floatsTensor(values.slice(picture * each, (picture + 1) * each), [1, ...shape]),
          position: idsTensor([position], [1]),
        };
        const [past] = await see.run(inputs, ['past']);
        return floats(only(past));
      },
    };
  }

  /**
   * What the writer made of a story: the vector to look for pictures with, and what there is to be drawn.
   *
   * @param present the writer's keys and values, f32 [L, 2, H, T, D]
   * @param panels for each of the T positions, which panel it belongs to, from 0 on; -1 for none
   */
  async told(
    { role, folder }: JoinWith,
    present: Tensor,
    panels: readonly number[],
  ): Promise<{ vector: Float32Array; condition: Condition }> {
    const retrieve = await this.#sessions.get(join(folder, role.retrieve));
    const paint = await this.#sessions.get(join(folder, role.paint));
    const marked = (belongs: (panel: number) => boolean): number[] =>
      panels.map((one) => (belongs(one) ? 1 : 0));
    const numbers = [...new Set(panels)].filter((number) => number >= 0).toSorted((a, b) => a - b);
    const current = numbers.at(-1) ?? 0;
    const rows = Float32Array.from(numbers.flatMap((number) => marked((one) => one === number)));
    const [vector] = await retrieve.run(
      { present, panels: floatsTensor(rows, [numbers.length, panels.length]) },
      ['vector'],
    );
    const tells = async (panel: number): Promise<Condition> => {
      const inputs = {
        present,
        own: floatsTensor(Float32Array.from(marked((one) => one === panel)), [panels.length]),
        before: floatsTensor(Float32Array.from(marked((one) => one >= 0 && one < panel)), [panels.length]),
      };
      return conditionOf(
        role.scene,
        await paint.run(inputs, ['place', 'time', 'weather', 'figures', 'where']),
      );
    };
    const condition = await tells(current);
    // Who nothing is said of is still there: the nearest panel that tells of somebody does so for the current one.
    for (const earlier of numbers.slice(-1 - panelsBack, -1).toReversed()) {
      if (condition.figures.length > 0) break;
      condition.figures = (await tells(earlier)).figures;
    }
    return { vector: floats(only(vector)), condition };
  }
}

function conditionOf(scene: JoinWith['role']['scene'], outputs: readonly Tensor[]): Condition {
  const [place, time, weather, figures, where] = outputs.map((output) => floats(output));
  return {
    place: likeliest(scene.places, place, scene.leastSetting),
    time: likeliest(scene.times, time, scene.leastSetting),
    weather: likeliest(scene.weathers, weather, scene.leastSetting),
    figures: scene.figures
      .map(({ icon, word }, at) => ({
        icon,
        word,
        probability: figures?.[at] ?? 0,
        x: where?.[3 * at] ?? 0.5,
        y: where?.[3 * at + 1] ?? 0.9,
        height: where?.[3 * at + 2] ?? 0.4,
      }))
      .filter(({ probability }) => probability >= scene.leastFigure)
      .toSorted((a, b) => b.probability - a.probability)
      .slice(0, mostFigures),
  };
}

function likeliest(
  names: readonly string[],
  probabilities: Float32Array | undefined,
  least: number,
): { name: string; probability: number } | null {
  const best = names
    .map((name, at) => ({ name, probability: Math.min(1, probabilities?.[at] ?? 0) }))
    .reduce((a, b) => (b.probability > a.probability ? b : a));
  return best.probability < least ? null : best;
}

/**
 * Reads a laid-out story with a writer, pictures in their places: words go through the network, a picture's keys and
 * values are put into its past as they are (prefix tuning, Li and Liang 2021).
 *
 * @param prompt ids, and -1 minus a picture's number at each of its positions
 * @returns past f32 [L, 2, H, P, D], and the logits after the last word
 */
export async function readAlong(
  network: Network,
  { role }: WriteWith,
  prompt: readonly number[],
  pictures: Pictures | null,
  signal: AbortSignal,
): Promise<{ past: Tensor; logits: Tensor }> {
  let past = floatsTensor(new Float32Array(0), [role.layers, 2, role.heads, 0, role.channels]);
  let logits: Tensor | undefined;
  for (let at = 0; at < prompt.length;) {
    signal.throwIfAborted();
    const id = prompt[at]!;
    if (id < 0 && pictures !== null) {
      past = behind(past, await pictures.at(-1 - id, at), pictures.positions);
      at += pictures.positions;
      continue;
    }
    const end = prompt.findIndex((other, place) => place > at && other < 0);
    const words = prompt.slice(at, end < 0 ? prompt.length : end);
    const [present, scores] = await network.run({ ids: idsTensor(words, [1, words.length]), past }, [
      'present',
      'logits',
    ]);
    past = only(present);
    logits = only(scores);
    at += words.length;
  }
  return { past, logits: only(logits) };
}

/** f32 [L, 2, H, P, D] with [L, 2, H, count, D] behind it on the axis of positions. */
export function behind(past: Tensor, more: Float32Array, count: number): Tensor {
  const [layers = 0, two = 2, heads = 0, before = 0, channels = 0] = past.dims;
  const own = floats(past);
  const rows = layers * two * heads;
  const joined = new Float32Array(rows * (before + count) * channels);
  for (let row = 0; row < rows; row++) {
    const start = row * (before + count) * channels;
    joined.set(own.subarray(row * before * channels, (row + 1) * before * channels), start);
    joined.set(
      more.subarray(row * count * channels, (row + 1) * count * channels),
      start + before * channels,
    );
  }
  return floatsTensor(joined, [layers, two, heads, before + count, channels]);
}

function only(tensor: Tensor | undefined): Tensor {
  if (!tensor) throw new RangeError('The network gave no output.');
  return tensor;
}
