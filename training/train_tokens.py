#!/usr/bin/env python3
"""Step 6: train the mining, which makes the image tokens from both views, together with a caption decoder.

Beside the captions the tokens learn Flickr8k's content words and, for painted scenes, which figures stand in each
token's region. Prints the recall of small figures (under 3 % of the picture) on unseen scenes; --no-mining trains the
same without the large view, for comparison. Stops by the clock, or after --steps; writes tokens.pt.
"""
import argparse
import json
import math
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cached import Cached, load_cached_features
from checkpoints import build_mining
from common import add_common_arguments, device, prepare
from language import STOP_WORDS, load_tokenizer, words
from models import POOLED
from scenes import FIGURE_CLASSES, figure_classes, load_scenes
from tasks import CaptionIds, LanguageTasks

CHECK_EVERY = 100
SMALL_FIGURE = 0.03  # of the picture's area
CONTENT_WORDS = 600


class TokenHeads(nn.Module):
    """Heads that only training uses: content words of the picture, figures of each token's region."""

    def __init__(self, channels: int):
        super().__init__()
        self.words = nn.Linear(2 * channels, CONTENT_WORDS)
        self.figures = nn.Linear(channels, FIGURE_CLASSES)
        nn.init.constant_(self.words.bias, -4.0)
        nn.init.constant_(self.figures.bias, -5.0)

    def word_logits(self, tokens: Tensor) -> Tensor:
        return self.words(torch.cat([tokens.mean(1), tokens.amax(1)], 1))


class StandingFigure(NamedTuple):
    kind: int
    share: float  # of the picture's area
    tokens: list[int]


def standing_figures(scene: dict, classes: dict[str, int]) -> list[StandingFigure]:
    """The known figures of a scene, each with the tokens whose centre its box holds, one at least."""
    found = []
    centres = (np.arange(POOLED) + 0.5) / POOLED
    for figure in scene["figures"]:
        rank = classes.get(figure["name"])
        if rank is None:
            continue
        x, y, w, h = (figure[key] for key in ("x", "y", "w", "h"))
        rows = np.flatnonzero((centres >= y) & (centres <= y + h))
        columns = np.flatnonzero((centres >= x) & (centres <= x + w))
        if not len(rows):
            rows = np.array([min(max(int((y + h / 2) * POOLED), 0), POOLED - 1)])
        if not len(columns):
            columns = np.array([min(max(int((x + w / 2) * POOLED), 0), POOLED - 1)])
        found.append(StandingFigure(rank - 1, w * h, [int(row * POOLED + column) for row in rows for column in columns]))
    return found


class Recall:
    """How many figures are among a scene's n likeliest, n the number of its kinds: the small ones, and all."""

    def __init__(self) -> None:
        self.hits: dict[bool, list[bool]] = {True: [], False: []}

    def add(self, likely: Tensor, figures: list[list[StandingFigure]]) -> None:
        """`likely` [N, classes]: how likely each kind is in a scene."""
        for row, standing in zip(likely, figures):
            best = set(row.topk(max(1, len({figure.kind for figure in standing}))).indices.tolist())
            for figure in standing:
                self.hits[figure.share < SMALL_FIGURE].append(figure.kind in best)

    def result(self) -> tuple[float, float, int]:
        """Recall of the small ones and of all, and how many small ones there were."""
        small = self.hits[True]
        return float(np.mean(small)), float(np.mean(small + self.hits[False])), len(small)


class Targets:
    """What stands where in the painted scenes, and which content words captions have."""

    def __init__(self, cached: Cached, work: Path):
        seen: dict[str, int] = {}
        for number in cached.numbers("train", "photo"):
            for word in {word for caption in cached.captions[number] for word in words(caption)} - STOP_WORDS:
                seen[word] = seen.get(word, 0) + 1
        self.word_place = {word: place for place, (word, _) in
                           enumerate(sorted(seen.items(), key=lambda item: -item[1])[:CONTENT_WORDS])}
        self.cached = cached
        scenes = load_scenes(work)
        self.rows = scenes.rows if scenes else []
        self.classes = figure_classes(self.rows)

    def words(self, numbers: np.ndarray) -> Tensor:
        """[N, words]: 1 where two captions have the word, 0.5 where one has."""
        out = torch.zeros(len(numbers), CONTENT_WORDS)
        for row, number in enumerate(numbers):
            for caption in self.cached.captions[number]:
                for word in set(words(caption)) & self.word_place.keys():
                    out[row, self.word_place[word]] = min(1, out[row, self.word_place[word]] + 0.5)
        return out

    def figures(self, number: int) -> list["StandingFigure"]:
        return standing_figures(self.rows[self.cached.scenes[number]], self.classes)

    def figure_map(self, numbers: np.ndarray, flips: np.ndarray) -> Tensor:
        """[N, 49, classes]"""
        out = torch.zeros(len(numbers), POOLED, POOLED, FIGURE_CLASSES)
        for row, number in enumerate(numbers):
            for figure in self.figures(number):
                out[row].view(-1, FIGURE_CLASSES)[figure.tokens, figure.kind] = 1
            if flips[row]:
                out[row] = out[row].flip(1)
        return out.flatten(1, 2)


@torch.inference_mode()
def small_recall(mining: nn.Module, heads: TokenHeads, cached: Cached, targets: Targets, numbers: np.ndarray,
                 where: torch.device) -> tuple[float, float, int]:
    """See `Recall`."""
    recall = Recall()
    for part in np.array_split(numbers, max(1, len(numbers) // 50)):
        views = [view.to(where) for view in cached.feature_batch(part, np.zeros(len(part), int))]
        recall.add(heads.figures(mining(*views)).amax(1).cpu(), [targets.figures(number) for number in part])
    return recall.result()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--minutes", type=float, help="wall-clock time (default: from the configuration)")
    parser.add_argument("--steps", type=int, help="stop after so many steps instead, to compare like with like")
    parser.add_argument("--no-mining", action="store_true", help="tokens from the small view alone")
    parser.add_argument("--start", type=Path, help="a caption.pt whose captioner to start from")
    parser.add_argument("--out", default="tokens.pt", help="file in the work folder to write (default: tokens.pt)")
    arguments = parser.parse_args()
    everything = prepare(arguments)
    config, where = everything["tokens"], device()
    minutes = arguments.minutes or config["minutes"]
    cached = load_cached_features(arguments.work)
    targets = Targets(cached, arguments.work)
    captions = CaptionIds(cached.captions, load_tokenizer(arguments.work), everything["max_tokens"])
    mining = build_mining(everything, not arguments.no_mining).to(where)
    heads, tasks = TokenHeads(everything["encoder"]["neck"][0]).to(where), LanguageTasks(everything).to(where)
    if arguments.start:
        saved = torch.load(arguments.start, weights_only=True, map_location=where)["captioner"]
        missing = tasks.captioner.load_state_dict(saved, strict=False).missing_keys
        print(f"started from {arguments.start}, but for {len(missing)} tensors")
    modules = nn.ModuleList([mining, heads, tasks.captioner])
    optimizer = torch.optim.AdamW(modules.parameters(), config["learning_rate"], weight_decay=0.02)
    photos, scenes = cached.numbers("train", "photo", "labelled"), cached.numbers("train", "scene")
    weights = np.array([1.0 if cached.kinds[number] == "photo" else everything["caption"]["labelled_share"]
                        for number in photos])
    weights /= weights.sum()
    held_back, unseen = cached.numbers("held_back", "photo"), cached.numbers("held_back", "scene")

    @torch.inference_mode()
    def report(step: int) -> None:
        modules.eval()
        losses = [tasks.caption_loss(mining(*(view.to(where) for view in
                                              cached.feature_batch(part, np.zeros(len(part), int)))),
                                     captions.for_captioner(part, 5).to(where), 0.0).item()
                  for part in np.array_split(held_back, max(1, len(held_back) // 50))]
        small, every, count = small_recall(mining, heads, cached, targets, unseen, where) if len(unseen) else (0, 0, 0)
        modules.train()
        print(f"step {step}  {(time.time() - start) / 60:.1f} min  " + "  ".join(f"{k} {v:.3f}" for k, v in shown.items())
              + f"  held back {np.mean(losses):.4f}  small figures {small:.4f} of {count}, all {every:.4f}", flush=True)

    step, shown, start = 0, {}, time.time()
    modules.train()
    while True:
        progress = step / arguments.steps if arguments.steps else (time.time() - start) / (60 * minutes)
        if progress >= 1 or (step and step % CHECK_EVERY == 0):
            report(step)
        if progress >= 1:
            break
        optimizer.param_groups[0]["lr"] = (config["learning_rate"] * min(1, (step + 1) / 50)
                                           * (0.05 + 0.95 * (1 + math.cos(math.pi * progress)) / 2))
        of_scenes = len(scenes) > 0 and step % 4 == 3
        numbers = np.sort(np.random.choice(scenes, config["batch"], replace=False) if of_scenes
                          else np.random.choice(photos, config["batch"], p=weights))
        flips = np.random.randint(0, 2, len(numbers)) * (not of_scenes)
        tokens = mining(*(view.to(where) for view in cached.feature_batch(numbers, flips)))
        loss = tasks.caption_loss(tokens, captions.for_captioner(
            numbers, everything["caption"]["captions_per_photo"]).to(where))
        figures = {"scene caption" if of_scenes else "caption": loss.item()}
        if of_scenes:
            standing = F.binary_cross_entropy_with_logits(
                heads.figures(tokens), targets.figure_map(numbers, flips).to(where), reduction="sum") / len(numbers)
            loss, figures = loss + 0.02 * standing, figures | {"figures": standing.item()}
        else:
            named = F.binary_cross_entropy_with_logits(heads.word_logits(tokens), targets.words(numbers).to(where),
                                                       reduction="sum") / len(numbers)
            loss, figures = loss + 0.01 * named, figures | {"words": named.item()}
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(modules.parameters(), 1.0)
        optimizer.step()
        step += 1
        for name, value in figures.items():
            shown[name] = 0.97 * shown.get(name, value) + 0.03 * value
    torch.save({"mining": mining.state_dict(), "heads": heads.state_dict(), "captioner": tasks.captioner.state_dict()},
               arguments.work / arguments.out)
    modules.eval()
    small, every, count = small_recall(mining, heads, cached, targets, unseen, where)
    print(json.dumps({"mining": not arguments.no_mining, "steps": step, "small_figures": count,
                      "small_recall": round(small, 4), "recall": round(every, 4)}))


if __name__ == "__main__":
    main()
