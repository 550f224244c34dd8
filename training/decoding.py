"""Beam search over the exported decoder's one-step interface (what the app does too)."""
from collections.abc import Callable

import numpy as np

from language import BOS, EOS

Bonus = Callable[[list[int], int, bool], float]
Step = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None, np.ndarray],
                tuple[object, np.ndarray, np.ndarray]]


def beam_search(step: Step, photos: int, beams: int, max_tokens: int,
                length_penalty: float, bonus: Bonus = lambda *_: 0.0) -> list[list[tuple[float, list[int]]]]:
    """The finished captions of each of `photos` photos, best first: score and token ids (without <bos> and <eos>).

    `step(ids [B, 1], position [1], beam [B], past or None, photo [B])` returns the new past, log-probabilities [B, K]
    and ids [B, K], best first, K > beams. Rows of finished photos are dropped. `bonus(ids, photo, whether it ends)` is
    added to the log-probability wherever hypotheses are compared while they grow. A finished hypothesis scores its
    summed log-probability, without bonus, divided by length ** length_penalty, <eos> counted.
    """
    alive = {photo: [(0.0, [])] for photo in range(photos)}
    finished: dict[int, list[tuple[float, list[int]]]] = {photo: [] for photo in range(photos)}
    ids, beam, photo_of_row = [BOS] * photos, list(range(photos)), list(range(photos))
    past = None
    for position in range(max_tokens):
        past, scores, tokens = step(np.array(ids, np.int64)[:, None], np.array([position], np.int64),
                                    np.array(beam, np.int64), past, np.array(photo_of_row, np.int64))
        ids, beam, rows, row = [], [], [], 0
        next_alive = {}
        for photo, hypotheses in alive.items():
            candidates = []
            for score, sequence in hypotheses:
                for s, t in zip(scores[row], tokens[row]):
                    ends = int(t) == EOS
                    grown = sequence if ends else sequence + [int(t)]
                    candidates.append((score + float(s) + bonus(grown, photo, ends), score + float(s), row, grown, ends))
                row += 1
            candidates.sort(key=lambda candidate: -candidate[0])
            kept = []
            for rank, (_, score, parent, grown, ends) in enumerate(candidates[:2 * beams]):
                if ends:
                    if rank < beams:
                        finished[photo].append((score / (len(grown) + 1) ** length_penalty, grown))
                elif len(kept) < beams:
                    kept.append((score, parent, grown))
            if len(finished[photo]) >= beams or not kept:
                continue
            if position + 1 == max_tokens:
                finished[photo] += [(score / len(sequence) ** length_penalty, sequence) for score, _, sequence in kept]
                continue
            next_alive[photo] = [(score, sequence) for score, _, sequence in kept]
            for _, parent, sequence in kept:
                ids.append(sequence[-1])
                beam.append(parent)
                rows.append(photo)
        alive, photo_of_row = next_alive, rows
        if not alive:
            break
    return [sorted(finished[photo], reverse=True) for photo in range(photos)]
