#!/usr/bin/env python3
"""Step 12: what the writer's pack has learned, on texts that trained nothing: perplexity of each collection beside a
trigram model's on the very same tokens, with the panels before and without, and the time a token
takes. Prints one line of JSON. `--samples N` prints N continued panels as well."""
import argparse
import json
import math
import random
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F

from common import REPOSITORY, add_common_arguments, prepare
from export_writer import as_stored
from train_writer import CHECKPOINT, load_encoded
from writer import Writer
from writer_text import BOS, COLLECTIONS, EOP, EOS, PAD, PICTURE, PICTURE_END, Encoded, Text, as_example

TOKENS_A_COLLECTION = 30_000
STRIDE = 128


class Trigram:
    """Interpolated Kneser-Ney (Chen and Goodman 1999) over token ids, one discount, down to a uniform share."""
    DISCOUNT = 0.75

    def __init__(self, documents: list[np.ndarray], pieces: int):
        self.pieces = pieces
        rows = [np.concatenate([[PAD, PAD], document]).astype(np.int64) for document in documents]
        triples = np.concatenate([(row[:-2] * pieces + row[1:-1]) * pieces + row[2:] for row in rows])
        self.triples, self.counts = np.unique(triples, return_counts=True)
        self.after_pair = self.totals(self.triples // pieces, self.counts)
        pairs = self.triples % (pieces * pieces)
        self.pairs, self.pair_counts = np.unique(pairs, return_counts=True)  # kinds of words before each pair
        self.after_one = self.totals(self.pairs // pieces, self.pair_counts)
        ones, kinds = np.unique(self.pairs % pieces, return_counts=True)
        self.unigram = np.full(pieces, self.DISCOUNT * len(ones) / kinds.sum() / pieces)
        self.unigram[ones] += (kinds - self.DISCOUNT) / kinds.sum()

    @staticmethod
    def totals(keys: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Contexts, how often each was seen, and how many kinds of words followed it."""
        unique, where = np.unique(keys, return_inverse=True)
        return unique, np.bincount(where, counts), np.bincount(where)

    def level(self, keys: np.ndarray, contexts: np.ndarray, table: np.ndarray, counts: np.ndarray,
              totals: tuple[np.ndarray, np.ndarray, np.ndarray], lower: np.ndarray) -> np.ndarray:
        def look(sorted_keys: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
            at = np.minimum(np.searchsorted(sorted_keys, wanted), len(sorted_keys) - 1)
            return np.where(sorted_keys[at] == wanted, values[at], 0)
        seen = look(totals[0], totals[1], contexts)
        kinds = look(totals[0], totals[2], contexts)
        own = np.maximum(look(table, counts, keys) - self.DISCOUNT, 0)
        return np.where(seen > 0, (own + self.DISCOUNT * kinds * lower) / np.maximum(seen, 1), lower)

    def losses(self, document: np.ndarray) -> np.ndarray:
        """-log p of each token but the first."""
        row = np.concatenate([[PAD], document]).astype(np.int64)
        first, second, third = row[:-2], row[1:-1], row[2:]
        chance = self.unigram[third]
        chance = self.level(second * self.pieces + third, second, self.pairs, self.pair_counts, self.after_one, chance)
        pair = first * self.pieces + second
        chance = self.level(pair * self.pieces + third, pair, self.triples, self.counts, self.after_pair, chance)
        return -np.log(chance)


@torch.inference_mode()
def losses(model: Writer, ids: np.ndarray, context: int) -> np.ndarray:
    """-log p of each token but the first; a long document is read in windows that overlap by half."""
    out = np.zeros(len(ids) - 1)
    start = 0
    while True:
        part = torch.from_numpy(ids[start:start + context + 1].astype(np.int64))[None]
        inputs, targets, mask = as_example(part, torch.ones_like(part, dtype=torch.bool))
        found = F.cross_entropy(model.logits(model(inputs, mask))[0], targets[0], reduction="none").numpy()
        fresh = 0 if start == 0 else context - STRIDE
        out[start + fresh:start + len(found)] = found[fresh:]
        if start + context + 1 >= len(ids):
            return out
        start += STRIDE


def held_back_documents(encoded: Encoded, name: str) -> list[tuple[Text, np.ndarray, np.ndarray]]:
    chance, out, total = random.Random(7), [], 0
    texts = [text for text in encoded.texts if text.collection == name and text.held_back]
    chance.shuffle(texts)
    for text in texts:
        if total < TOKENS_A_COLLECTION:
            ids, learned = encoded.document(text, chance, 0.0)
            ids, learned = ids[:TOKENS_A_COLLECTION], learned[:TOKENS_A_COLLECTION]
            out.append((text, ids, learned))
            total += len(ids)
    return out


def panel_starts(ids: np.ndarray) -> list[int]:
    return [0, *(np.flatnonzero(ids == EOP) + 1).tolist()]


def context_effect(model: Writer, documents: list, context: int) -> dict[str, float]:
    """Perplexity of panels from the second on: read after the panels before, and each by itself."""
    with_context, alone = [], []
    for _, ids, learned in documents:
        starts = panel_starts(ids)
        whole = losses(model, ids, context)
        for start, end in zip(starts[1:], starts[2:]):
            if 2 < end - start <= context:
                with_context.append(whole[start - 1:end - 1])
                alone.append(losses(model, np.concatenate([[BOS], ids[start:end]]), context))
    return {"with": round(math.exp(np.concatenate(with_context).mean()), 2),
            "without": round(math.exp(np.concatenate(alone).mean()), 2), "panels": len(alone)}


def step_milliseconds(pack: Path, config: dict) -> float:
    """A token after 128 others, on one thread, in onnxruntime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(pack / "writer.onnx"), options, ["CPUExecutionProvider"])
    past = np.zeros((config["layers"], 2, config["heads"], 128, config["width"] // config["heads"]), np.float32)
    times = []
    for _ in range(60):
        begun = time.perf_counter()
        session.run(None, {"ids": np.array([[300]]), "past": past})
        times.append(time.perf_counter() - begun)
    return sorted(times)[len(times) // 2] * 1000


@torch.inference_mode()
def continued(model: Writer, ids: list[int], config: dict, chance: np.random.Generator, most: int = 64) -> list[int]:
    """A panel's continuation by nucleus sampling, as the app does it."""
    out: list[int] = []
    while len(out) < most:
        row = torch.tensor([(ids + out)[-config["context"]:]])
        mask = torch.ones(1, 1, row.shape[1], row.shape[1], dtype=torch.bool).tril()
        logits = model.logits(model(row, mask)[0, -1]).numpy() / config["temperature"]
        logits[[PAD, BOS, PICTURE, PICTURE_END]] = -1e9
        if len(out) < 3:
            logits[[EOP, EOS]] = -1e9
        chances = np.exp(logits - logits.max())
        chances /= chances.sum()
        order = np.argsort(-chances)
        order = order[:int(np.searchsorted(np.cumsum(chances[order]), config["nucleus"])) + 1]
        token = int(chance.choice(order, p=chances[order] / chances[order].sum()))
        if token in (EOP, EOS):
            break
        out.append(token)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--stories", type=Path, help="folder with the story texts (default: stories beside the photos)")
    parser.add_argument("--pack", type=Path, default=REPOSITORY / "resources" / "models" / "writer")
    parser.add_argument("--half", action="store_true", help="the pack's weights are float16")
    parser.add_argument("--samples", type=int, default=0)
    arguments = parser.parse_args()
    config = prepare(arguments)["writer"]
    encoded, tokenizer = load_encoded(arguments.stories or arguments.photos.parent / "stories", arguments.work, config)
    saved = torch.load(arguments.work / CHECKPOINT, weights_only=True, map_location="cpu")
    model = Writer(tokenizer.get_vocab_size(), config).eval()
    model.load_state_dict(saved["writer"])

    def measured(documents: list) -> float:
        found = [losses(model, ids, config["context"])[learned[1:]] for _, ids, learned in documents]
        return float(np.concatenate(found).mean())

    documents = {name: held_back_documents(encoded, name) for name in COLLECTIONS}
    full = {name: measured(documents[name]) for name in COLLECTIONS}
    as_stored(model, arguments.half)
    chance = random.Random(1)
    training = [encoded.document(text, chance, 0.0)[0] for text in encoded.texts if not text.held_back]
    trigram = Trigram(training, tokenizer.get_vocab_size())
    report: dict = {"tokens_trained": saved["tokens"], "minutes": round(saved["seconds"] / 60)}
    for name in COLLECTIONS:
        stored = measured(documents[name])
        base = np.concatenate([trigram.losses(ids)[learned[1:]] for _, ids, learned in documents[name]])
        count = len(base)
        entry = {"tokens": count, "perplexity": round(math.exp(stored), 2), "float32": round(math.exp(full[name]), 2),
                 "trigram": round(math.exp(float(base.mean())), 2)}
        report[name] = entry
    report["panels_before"] = {name: context_effect(model, documents[name], config["context"])
                               for name in ("stories", "pages")}
    report["ms_a_token"] = round(step_milliseconds(arguments.pack, config), 2)
    print(json.dumps(report))

    numbers, chance = np.random.default_rng(arguments.seed), random.Random(arguments.seed)
    for number in range(arguments.samples):
        text, ids, _ = chance.choice(documents["pages" if number % 3 == 2 else "stories"])
        starts = panel_starts(ids)
        cut = starts[min(2, len(starts) - 2)]
        out = continued(model, ids[max(0, cut - 190):cut].tolist(), config, numbers)
        print(json.dumps({"before": tokenizer.decode(ids[:cut].tolist()[-120:], skip_special_tokens=False),
                          "written": tokenizer.decode(out).strip()}, ensure_ascii=False))


if __name__ == "__main__":
    main()
