#!/usr/bin/env python3
"""Train the head that reads words off the image tokens, for the word pyramid.

The photos' words come from their human captions, without places: each word's evidence is pooled over the 49 cells
(log-sum-exp, as in multiple-instance learning; Pinheiro and Collobert 2015, "From image-level to pixel-level labeling
with convolutional networks"), so that the cells learn where it is. The figures of painted scenes teach the cells
directly. The labelled sets say only what their labels are about. Presence is then calibrated word by word on what was
held back (Platt 1999), words with few examples leaning on all the others.

Reads tokens.npy, tokens.jsonl and scenes.jsonl; with `--scenes DIR --vision FILE` painted scenes beyond those, encoded
by an exported vision network. Writes words.pt.
"""
import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from cached import load_cached_tokens
from common import IMAGE_SIZE, add_common_arguments, prepare
from scenes import HELD_BACK_EVERY
from words import GRID, SCENERY, Vocabulary

CELLS = GRID * GRID
WIDTH, GLOBAL_WIDTH = 256, 128
BATCH = 96
HELD_BACK = 20
PHOTO, LABELLED, SCENE = range(3)


class WordHead(nn.Module):
    """`tokens` [N, 49, D] -> logits [N, W] of presence, and [N, 49, W] of where."""

    def __init__(self, channels: int, count: int):
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.local = nn.Linear(channels, WIDTH)
        self.context = nn.Linear(channels, WIDTH, bias=False)
        self.position = nn.Parameter(torch.zeros(CELLS, WIDTH))
        self.cells = nn.Linear(WIDTH, count)
        self.whole = nn.Linear(2 * channels, GLOBAL_WIDTH)
        self.presence = nn.Linear(GLOBAL_WIDTH, count)
        self.sharpness = nn.Parameter(torch.tensor(1.0))
        self.drop = nn.Dropout(0.3)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        tokens = self.norm(tokens)
        mean = tokens.mean(1)
        features = F.gelu(self.local(tokens) + self.context(mean)[:, None] + self.position)
        cells = self.cells(self.drop(features))
        sharpness = F.softplus(self.sharpness) + 0.5
        pooled = (torch.logsumexp(cells * sharpness, 1) - np.log(CELLS)) / sharpness
        whole = F.gelu(self.whole(self.drop(torch.cat([mean, tokens.amax(1)], 1))))
        return pooled + self.presence(self.drop(whole)), cells


@dataclass
class Examples:
    """`tokens` float16 [M, 2, 49, D]; `presence` bool [M, W]; `known` index of a row of `masks` bool [K, W]: the words
    that an example says something about; `cells` maps the number of a scene to bool [49, W]."""
    tokens: np.ndarray
    kinds: np.ndarray
    held_back: np.ndarray
    presence: np.ndarray
    masks: np.ndarray
    cells: dict[int, np.ndarray]


def encode_scenes(folder: Path, vision: Path, threads: int, limit: int) -> tuple[np.ndarray, list[dict]]:
    """Tokens float16 [N, 49, D] of painted scenes and their lines of scenes.jsonl."""
    rows = [json.loads(line) for line in open(folder / "scenes.jsonl")][:limit]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(vision), options, providers=["CPUExecutionProvider"])
    parts = []
    for start in range(0, len(rows), 8):
        pixels = []
        for row in rows[start:start + 8]:
            with Image.open(folder / row["file"]) as image:
                pixels.append(np.asarray(image.convert("RGB").resize((IMAGE_SIZE, IMAGE_SIZE), Image.BILINEAR)))
        parts.append(session.run(["tokens"], {"pixels": np.stack(pixels)})[0].astype(np.float16))
    return np.concatenate(parts), rows


def load_examples(work: Path, vocabulary: Vocabulary, more: tuple[np.ndarray, list[dict]] | None) -> Examples:
    cached = load_cached_tokens(work)
    kinds = np.array([{"photo": PHOTO, "labelled": LABELLED, "scene": SCENE}[kind] for kind in cached.kinds])
    held_back = np.array([part == "held_back" for part in cached.parts])
    tokens = cached.arrays[0]
    presence = np.stack([vocabulary.presence(captions) for captions in cached.captions])
    scenes = [json.loads(line) for line in open(work / "scenes.jsonl")]
    rows: dict[int, dict] = {}
    for part in (False, True):
        numbers = [n for n in range(len(scenes)) if (n % HELD_BACK_EVERY == 0) == part]
        cached_numbers = np.flatnonzero((kinds == SCENE) & (held_back == part))
        rows |= {int(at): scenes[n] for at, n in zip(cached_numbers, numbers)}
    if more is not None:
        first = len(kinds)
        tokens = np.concatenate([tokens, np.repeat(more[0][:, None], 2, 1)])
        kinds = np.concatenate([kinds, np.full(len(more[1]), SCENE)])
        held_back = np.concatenate([held_back, np.arange(len(more[1])) % HELD_BACK == 0])
        presence = np.concatenate([presence, np.zeros((len(more[1]), len(vocabulary)), bool)])
        rows |= {first + n: row for n, row in enumerate(more[1])}
    cells = {}
    # All that is drawn is known, so a thing that is no figure is not there.
    figures = np.array([word.kind == "thing" and word.name not in SCENERY for word in vocabulary.words])
    for at, row in rows.items():
        presence[at], boxes = vocabulary.scene(row)
        cells[at] = boxes.reshape(CELLS, -1)
        figures |= cells[at].any(0) | presence[at]
    things = np.array([word.kind in ("thing", "place") for word in vocabulary.words])
    labels = things & (presence[kinds == LABELLED].sum(0) >= 5)
    return Examples(tokens, kinds, held_back, presence, np.stack([np.ones_like(labels), labels, figures]), cells)


def loss_of(head: WordHead, examples: Examples, numbers: np.ndarray, flips: np.ndarray) -> Tensor:
    tokens = torch.from_numpy(examples.tokens[numbers, flips]).float()
    presence = torch.from_numpy(examples.presence[numbers]).float()
    known = torch.from_numpy(examples.masks[examples.kinds[numbers]]).float()
    logits, cells = head(tokens)
    # Painted scenes are few for their many kinds of figures.
    weight = torch.from_numpy(np.where(examples.kinds[numbers] == SCENE, 2.0, 1.0)).float()
    loss = ((F.binary_cross_entropy_with_logits(logits, presence, reduction="none") * known).sum(1) * weight).mean()
    painted = np.flatnonzero(examples.kinds[numbers] == SCENE)
    if len(painted):
        words = np.flatnonzero(examples.masks[SCENE])
        boxes = torch.from_numpy(np.stack([examples.cells[int(n)] for n in numbers[painted]])[:, :, words]).float()
        where = cells[torch.from_numpy(painted)][:, :, torch.from_numpy(words)]
        # Settings are everywhere: of the cells only the figures' words are asked.
        asked = boxes.amax(1, keepdim=True).bool() | (presence[torch.from_numpy(painted)][:, words][:, None] == 0)
        loss += (F.binary_cross_entropy_with_logits(where, boxes, reduction="none") * asked).sum(2).mean() * len(painted) / len(numbers)
    return loss


def predict(head: WordHead, tokens: np.ndarray) -> np.ndarray:
    head.eval()
    with torch.inference_mode():
        return np.concatenate([head(torch.from_numpy(tokens[n:n + 256]).float())[0].numpy()
                               for n in range(0, len(tokens), 256)])


def mean_average_precision(logits: np.ndarray, presence: np.ndarray, fewest: int = 3) -> float:
    scores = []
    for word in np.flatnonzero(presence.sum(0) >= fewest):
        hits = presence[np.argsort(-logits[:, word], kind="stable"), word]
        scores.append(float((np.cumsum(hits) / (np.arange(len(hits)) + 1))[hits].mean()))
    return float(np.mean(scores))


def calibrate(logits: np.ndarray, presence: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Platt scaling: probability = sigmoid(scale * logit + shift), one pair a word, each drawn to the pair of all words
    by a Gaussian prior, so that a word of few examples is not trusted for them."""
    x, y, mask = (torch.from_numpy(np.asarray(value, np.float32)) for value in (logits, presence, known))
    scale, shift = torch.tensor(1.0, requires_grad=True), torch.tensor(0.0, requires_grad=True)
    own = [torch.zeros(x.shape[1], requires_grad=True) for _ in range(2)]
    optimiser = torch.optim.LBFGS([scale, shift, *own], max_iter=120, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = (F.binary_cross_entropy_with_logits((scale + own[0]) * x + shift + own[1], y, reduction="none") * mask).sum()
        loss = loss + (own[0].square().sum() / 0.05 + own[1].square().sum() / 0.3) / 2
        loss.backward()
        return loss

    optimiser.step(closure)
    return (scale + own[0]).detach().numpy(), (shift + own[1]).detach().numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--scenes", type=Path, help="a folder of more painted scenes, with scenes.jsonl")
    parser.add_argument("--vision", type=Path, help="the exported vision network that encodes them")
    parser.add_argument("--more", type=int, default=100_000, help="how many of them at most")
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--out", type=Path, help="default: words.pt in the work folder")
    arguments = parser.parse_args()
    prepare(arguments)
    vocabulary = Vocabulary()
    more = None
    if arguments.scenes:
        more = encode_scenes(arguments.scenes, arguments.vision, arguments.threads, arguments.more)
        print(f"more scenes: {len(more[1])}", flush=True)
    examples = load_examples(arguments.work, vocabulary, more)
    training = np.flatnonzero(~examples.held_back)
    checks = {kind: np.flatnonzero(examples.held_back & (examples.kinds == kind)) for kind in (PHOTO, SCENE)}
    head = WordHead(examples.tokens.shape[-1], len(vocabulary))
    rate = examples.presence[training][examples.kinds[training] == PHOTO].mean(0).clip(1e-4, 0.9)
    with torch.no_grad():
        head.presence.bias.copy_(torch.from_numpy(np.log(rate / (1 - rate))).float())
        head.cells.bias.fill_(-1)
    optimiser = torch.optim.AdamW(head.parameters(), lr=3e-3, weight_decay=0.05, betas=(0.9, 0.98))
    steps = arguments.epochs * (len(training) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps, pct_start=0.1)
    random = np.random.default_rng(arguments.seed)
    print(f"{len(vocabulary)} words, {sum(p.numel() for p in head.parameters())} numbers, {len(training)} examples", flush=True)
    started = time.time()
    best, best_state = -1.0, {}
    for epoch in range(arguments.epochs):
        head.train()
        order = random.permutation(training)
        total = 0.0
        for start in range(0, len(order) - BATCH + 1, BATCH):
            numbers = order[start:start + BATCH]
            flips = random.integers(0, 2, len(numbers)) * (examples.kinds[numbers] == PHOTO)
            loss = loss_of(head, examples, numbers, flips)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(head.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            total += loss.item()
        scores = {}
        for kind, numbers in checks.items():
            logits = predict(head, examples.tokens[numbers, 0])
            words = examples.masks[kind]
            scores[kind] = mean_average_precision(logits[:, words], examples.presence[numbers][:, words])
        print(f"epoch {epoch + 1}: loss {total / (len(order) // BATCH):.2f}, mAP photos {scores[PHOTO]:.4f}, "
              f"scenes {scores[SCENE]:.4f}, {time.time() - started:.0f} s", flush=True)
        if sum(scores.values()) > best:
            best, best_state = sum(scores.values()), {name: value.clone() for name, value in head.state_dict().items()}
    head.load_state_dict(best_state)
    numbers = np.concatenate([checks[PHOTO], checks[SCENE], checks[PHOTO]])
    flips = np.concatenate([np.zeros(len(checks[PHOTO]) + len(checks[SCENE]), int), np.ones(len(checks[PHOTO]), int)])
    scale, shift = calibrate(predict(head, examples.tokens[numbers, flips]), examples.presence[numbers],
                             examples.masks[examples.kinds[numbers]])
    out = arguments.out or arguments.work / "words.pt"
    torch.save({"words": [word.name for word in vocabulary.words], "channels": examples.tokens.shape[-1],
                "head": best_state, "scale": torch.from_numpy(scale), "shift": torch.from_numpy(shift)}, out)
    print(f"wrote {out.name}: mAP photos and scenes together {best:.4f}")


if __name__ == "__main__":
    main()
