/** One row's best continuations: log-probabilities and token ids, best first. */
export interface Step {
  /** f32 [B, K] */
  scores: Float32Array;
  /** i64 [B, K] */
  ids: BigInt64Array;
}

/** What a decoding step is asked: one row a hypothesis that is still growing. */
export interface Rows {
  /** The last token of each row. */
  tokens: number[];
  /** The row of the step before that each row goes on from. */
  beams: number[];
  /** The photo each row is about. */
  photos: number[];
  /** 0 for the first step. */
  position: number;
}

export interface BeamSettings {
  beams: number;
  maxTokens: number;
  /** A finished hypothesis of n tokens scores log-probability / n^lengthPenalty, the end token counted. */
  lengthPenalty: number;
  begin: number;
  end: number;
  /**
   * Added to the log-probability of these tokens of a photo wherever hypotheses are compared: words that are wanted or
   * not. At most a few; it is asked for every candidate of every step, `ended` where nothing follows.
   */
  bonus?: ((tokens: readonly number[], photo: number, ended: boolean) => number) | undefined;
}

export interface Hypothesis {
  /** Without begin and end tokens. */
  tokens: number[];
  score: number;
  /** Summed log-probability, the end token included. */
  logProbability: number;
}

interface Growing {
  tokens: number[];
  logProbability: number;
}

/**
 * Beam search (Wu et al. 2016, "Google's Neural Machine Translation System", section 7) over many photos at once:
 * each step is one run with a row a growing hypothesis. The network gathers its own past by `beams`, so nothing but
 * token ids and scores passes through here. A photo is done when it has `beams` finished hypotheses, and its rows
 * leave the batch.
 *
 * @param step Needs K > beams, or beams run dry; may throw, which ends the search (cancel).
 * @param onStep Hears the likeliest hypothesis of the first photo while it grows.
 * @returns The finished hypotheses of each photo, best first; none where nothing could follow.
 */
export async function beamSearch(
  step: (rows: Rows) => Promise<Step>,
  photos: number,
  settings: BeamSettings,
  onStep?: (likeliest: readonly number[]) => void,
): Promise<Hypothesis[][]> {
  const bonus = settings.bonus ?? (() => 0);
  const finished: Hypothesis[][] = Array.from({ length: photos }, () => []);
  let growing = new Map<number, Growing[]>();
  for (let photo = 0; photo < photos; photo++) growing.set(photo, [{ tokens: [], logProbability: 0 }]);
  let rows: Rows = {
    tokens: new Array<number>(photos).fill(settings.begin),
    beams: [...growing.keys()],
    photos: [...growing.keys()],
    position: 0,
  };
  while (growing.size > 0) {
    const { scores, ids } = await step(rows);
    const width = scores.length / rows.tokens.length;
    const next: Rows = { tokens: [], beams: [], photos: [], position: rows.position + 1 };
    const still = new Map<number, Growing[]>();
    let row = 0;
    for (const [photo, hypotheses] of growing) {
      const candidates: { score: number; wanted: number; row: number; from: Growing; token: number }[] = [];
      for (const from of hypotheses) {
        for (let rank = 0; rank < width; rank++) {
          const at = row * width + rank;
          const token = Number(ids[at]);
          const score = from.logProbability + (scores[at] ?? -Infinity);
          const ended = token === settings.end;
          const tokens = ended ? from.tokens : [...from.tokens, token];
          candidates.push({ score, wanted: score + bonus(tokens, photo, ended), row, from, token });
        }
        row++;
      }
      candidates.sort((a, b) => b.wanted - a.wanted);
      const done = finished[photo] ?? [];
      const kept: typeof candidates = [];
      for (const [rank, candidate] of candidates.slice(0, 2 * settings.beams).entries()) {
        if (candidate.token === settings.end) {
          if (rank < settings.beams) {
            done.push(finish(candidate.from.tokens, candidate, candidate.from.tokens.length + 1, settings));
          }
        } else if (kept.length < settings.beams) {
          kept.push(candidate);
        }
      }
      if (done.length >= settings.beams) continue;
      if (next.position >= settings.maxTokens) {
        for (const candidate of kept) {
          const tokens = [...candidate.from.tokens, candidate.token];
          done.push(finish(tokens, candidate, tokens.length, settings));
        }
        continue;
      }
      if (kept.length === 0) continue;
      still.set(
        photo,
        kept.map(({ from, token, score }) => ({ tokens: [...from.tokens, token], logProbability: score })),
      );
      for (const candidate of kept) {
        next.tokens.push(candidate.token);
        next.beams.push(candidate.row);
        next.photos.push(photo);
      }
    }
    growing = still;
    rows = next;
    const likeliest = growing.get(0)?.[0];
    if (likeliest) onStep?.(likeliest.tokens);
  }
  return finished.map((hypotheses) => hypotheses.sort((a, b) => b.score - a.score));
}

function finish(
  tokens: number[],
  { score, wanted }: { score: number; wanted: number },
  length: number,
  { lengthPenalty }: BeamSettings,
): Hypothesis {
  return { tokens, logProbability: score, score: wanted / length ** lengthPenalty };
}
