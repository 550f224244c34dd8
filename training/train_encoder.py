#!/usr/bin/env python3
"""Step 4: train the image encoder from scratch.

It learns to give a frozen detector's feature maps, at its end and at first also half-way (hints; Romero et al. 2015,
"FitNets"), the content words of Flickr8k's captions, the labels of the labelled sets and, where painted scenes exist, what stands in each
16-pixel cell. For the first part of the time it sees crops of 10x10 cells, cut on cell borders so that the
detector's map can be cut alike: they cost 0.6 of a full picture. For the last part (`language_share`) the captioner,
the text encoder and the image embedder learn on top, and their losses reach the image encoder too. Stops by the clock;
writes encoder.pt; --resume goes on from it (also with painted scenes that were not there before).
"""
import argparse
import math
import random
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from common import add_common_arguments, device, load_photo_rows, prepare
from language import captions_of, content_words, load_tokenizer, may_train, words
from models import GRID, ImageEncoder, TeacherHeads, TokenPool
from scenes import FIGURE_CLASSES, load_scenes, scene_captions
from tasks import CaptionIds, LanguageTasks

CROP = 10
CELL = 16
SCENES_EVERY = 6
SAVE_EVERY_SECONDS = 180


class Examples:
    """The photos (and painted scenes) with their targets, served as batches."""

    def __init__(self, arguments: argparse.Namespace, config: dict, max_tokens: int):
        rows = load_photo_rows(arguments.work)
        self.pixels = np.load(arguments.work / "photos.npy", mmap_mode="r")
        self.teacher = np.load(arguments.work / "teacher.npy", mmap_mode="r")
        self.numbers = [n for n, row in enumerate(rows) if may_train(row, n)]
        self.weights = [3.0 if rows[n]["dataset"] == "flickr8k" else 1.0 for n in self.numbers]
        self.words = content_words(rows, config["words"])
        self.word_targets = self.read_words(rows)
        self.labels = sorted({row["labels"][0] for row in rows if row["labels"] and len(row["labels"]) == 1})
        self.label_targets = np.full(len(rows), -1, np.int64)
        for number, row in enumerate(rows):
            if row["labels"] and len(row["labels"]) == 1:
                self.label_targets[number] = self.labels.index(row["labels"][0])
        self.mean, self.deviation = channel_statistics(self.teacher[self.numbers[::20]])
        self.hints = np.load(arguments.work / "hints.npy", mmap_mode="r")
        hints_done = int((arguments.work / "hints.done").read_text())
        self.has_hint = np.array([n < hints_done and may_train(row, n) for n, row in enumerate(rows)])
        hinted = np.flatnonzero(self.has_hint)[::40]
        self.hint_mean, self.hint_deviation = channel_statistics(self.hints[hinted])
        self.scenes = load_scenes(arguments.work)
        tokenizer = load_tokenizer(arguments.work)
        self.photo_captions = CaptionIds([captions_of(row) if may_train(row, n) else [] for n, row in enumerate(rows)],
                                         tokenizer, max_tokens)
        if self.scenes:
            self.scene_captions = CaptionIds([scene_captions(row) for row in self.scenes.rows], tokenizer, max_tokens)

    def read_words(self, rows: list[dict]) -> np.ndarray:
        """[photos, words]: 1 where two captions have the word, 0.5 where one has; -1 without captions."""
        place = {word: index for index, word in enumerate(self.words)}
        targets = np.full((len(rows), len(self.words)), -1, np.float32)
        for number, row in enumerate(rows):
            if row["captions"]:
                targets[number] = 0
                for caption in row["captions"]:
                    for word in {word for word in words(caption) if word in place}:
                        targets[number, place[word]] = min(1, targets[number, place[word]] + 0.5)
        return targets

    def photo_batch(self, size: int, crop: bool) -> tuple:
        """Photo numbers, pixels [N, 3, S, S], which have a hint [N], hints of those [M, S/8, S/8, 128], the crop's
        corner in cells, teacher map [N, S/16, S/16, 384], words, labels."""
        numbers = np.array(random.choices(self.numbers, self.weights, k=size))
        top, left, side = random_square(crop)
        pixels = np.stack([self.pixels[n, top * CELL:(top + side) * CELL, left * CELL:(left + side) * CELL]
                           for n in numbers])
        teacher = np.stack([self.teacher[n, top:top + side, left:left + side] for n in numbers])
        teacher = (torch.from_numpy(teacher).float() - self.mean) / self.deviation
        flip = torch.rand(size) < 0.5
        teacher[flip] = teacher[flip].flip(2)
        hinted = torch.from_numpy(self.has_hint[numbers])
        hints = np.stack([self.hints[n, 2 * top:2 * (top + side), 2 * left:2 * (left + side)]
                          for n in numbers[self.has_hint[numbers]]])
        hints = (torch.from_numpy(hints).float() - self.hint_mean) / self.hint_deviation
        hints[flip[hinted]] = hints[flip[hinted]].flip(2)
        return (numbers, augment(pixels, flip), hinted, hints, (top, left), teacher, torch.from_numpy(self.word_targets[numbers]),
                torch.from_numpy(self.label_targets[numbers]))

    def scene_batch(self, size: int, crop: bool) -> tuple[np.ndarray, Tensor, tuple[int, int], Tensor]:
        """Scene numbers, pixels [N, 3, S, S], the crop's corner, the figure class of each cell [N, S/16, S/16]."""
        numbers = np.array(random.choices(self.scenes.training, k=size))
        top, left, side = random_square(crop)
        flip = torch.rand(size) < 0.5
        cells = self.scenes.cells[numbers, top:top + side, left:left + side].astype(np.int64)
        cells = torch.from_numpy(cells)
        cells[flip] = cells[flip].flip(2)
        pixels = self.scenes.pixels[numbers, top * CELL:(top + side) * CELL, left * CELL:(left + side) * CELL]
        return numbers, augment(pixels, flip), (top, left), cells


def random_square(crop: bool) -> tuple[int, int, int]:
    """Top, left and side in cells: a random crop, or everything."""
    return (random.randint(0, GRID - CROP), random.randint(0, GRID - CROP), CROP) if crop else (0, 0, GRID)


def channel_statistics(maps: np.ndarray) -> tuple[Tensor, Tensor]:
    maps = maps.astype(np.float32)
    return torch.from_numpy(maps.mean((0, 1, 2))), torch.from_numpy(maps.std((0, 1, 2))) + 1e-3


def augment(pixels: np.ndarray, flip: Tensor) -> Tensor:
    """uint8 [N, S, S, 3] -> float [N, 3, S, S] in channels-last order, with random flip, brightness and tint."""
    x = torch.from_numpy(pixels).float()
    gain = 1 + 0.2 * torch.randn(len(x), 1, 1, 1).clamp(-2, 2) + 0.06 * torch.randn(len(x), 1, 1, 3)
    x = (x - 118) * gain + 118 + 12 * torch.randn(len(x), 1, 1, 1).clamp(-2, 2)
    x[flip] = x[flip].flip(2)
    return x.clamp_(0, 255).permute(0, 3, 1, 2)


def map_distance(given: Tensor, wanted: Tensor) -> Tensor:
    """Half the squared error, linear past two standard deviations."""
    return F.smooth_l1_loss(given, wanted, beta=2.0) * 2


def photo_loss(heads: TeacherHeads, features: Tensor, teacher: Tensor, word_targets: Tensor, labels: Tensor) \
        -> tuple[Tensor, dict[str, float]]:
    distance = map_distance(heads.teacher(features), teacher)
    pooled = heads.pool(features)
    known = word_targets[:, 0] >= 0
    word_loss = F.binary_cross_entropy_with_logits(heads.words(pooled[known]), word_targets[known],
                                                   reduction="sum") / max(int(known.sum()), 1)
    label_loss = F.cross_entropy(heads.labels(pooled), labels, ignore_index=-1) if (labels >= 0).any() else 0 * word_loss
    loss = distance + 0.02 * word_loss + 0.1 * label_loss
    return loss, {"teacher": distance.item(), "words": word_loss.item(), "labels": label_loss.item()}


def scene_loss(heads: TeacherHeads, features: Tensor, cells: Tensor) -> tuple[Tensor, dict[str, float]]:
    logits = heads.figures(features).flatten(0, 2)
    weight = torch.ones(FIGURE_CLASSES + 1, device=logits.device)
    weight[0] = 0.2
    loss = F.cross_entropy(logits, cells.flatten(), weight=weight)
    standing = cells.flatten() > 0
    right = (logits.argmax(-1) == cells.flatten())[standing].float().mean()
    return 0.3 * loss, {"cells": loss.item(), "cells_right": right.item()}


def language_loss(tasks: LanguageTasks, tokens: Tensor, captions: CaptionIds, numbers: np.ndarray, kind: str) \
        -> tuple[Tensor, dict[str, float]]:
    """Both language tasks on the pictures of a batch that have captions."""
    has = np.array([bool(captions.ids[number]) for number in numbers])
    if has.sum() < 2:
        return tokens.sum() * 0, {}
    tokens, numbers = tokens[torch.from_numpy(has).to(tokens.device)], numbers[has]
    caption = tasks.caption_loss(tokens, captions.for_captioner(numbers, 2).to(tokens.device))
    match = tasks.match_loss(tokens, captions.for_text_encoder(numbers).to(tokens.device))
    return 0.15 * caption + 0.1 * match, {f"{kind}_caption": caption.item(), f"{kind}_match": match.item()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--minutes", type=float, help="wall-clock time (default: from the configuration)")
    parser.add_argument("--resume", action="store_true", help="go on from encoder.pt")
    arguments = parser.parse_args()
    everything = prepare(arguments)
    config = everything["encoder"]
    minutes, where = arguments.minutes or config["minutes"], device()
    examples = Examples(arguments, config, everything["max_tokens"])
    encoder = ImageEncoder(config).to(where, memory_format=torch.channels_last)
    heads = TeacherHeads(encoder.channels, 384, len(examples.words), len(examples.labels), FIGURE_CLASSES,
                         config["stages"][-2][0], examples.hints.shape[-1]).to(where)
    tasks, pool = LanguageTasks(everything).to(where), TokenPool().to(where)
    known = examples.word_targets[examples.word_targets[:, 0] >= 0]
    heads.words.bias.data = torch.logit(torch.from_numpy(known.mean(0)), eps=1e-3).to(where)
    modules = {"encoder": encoder, "heads": heads, "tasks": tasks}
    optimizers = {name: torch.optim.AdamW(module.parameters(), config["learning_rate"],
                                          weight_decay=config["weight_decay"]) for name, module in modules.items()}
    path, elapsed, step = arguments.work / "encoder.pt", 0.0, 0
    if arguments.resume:
        saved = torch.load(path, weights_only=True)
        for name, module in modules.items():
            module.load_state_dict(saved[name])
            optimizers[name].load_state_dict(saved["optimizers"][name])
        elapsed, step = saved["elapsed"], saved["step"]

    def save() -> None:
        torch.save({name: module.state_dict() for name, module in modules.items()}
                   | {"optimizers": {name: optimizer.state_dict() for name, optimizer in optimizers.items()},
                      "step": step, "elapsed": elapsed}, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    parameters = [parameter for module in modules.values() for parameter in module.parameters()]
    for module in modules.values():
        module.train()
    last, last_save, shown = time.time(), time.time(), {}
    while elapsed < 60 * minutes:
        progress = elapsed / (60 * minutes)
        rate = min(1, (step + 1) / 100) * (0.02 + 0.98 * (1 + math.cos(math.pi * progress)) / 2)
        for name, optimizer in optimizers.items():
            base = config["language_rate"] if name == "tasks" else config["learning_rate"]
            optimizer.param_groups[0]["lr"] = base * rate
            optimizer.zero_grad(set_to_none=True)
        with_language = progress >= 1 - config["language_share"]
        of_scenes = examples.scenes is not None and step % SCENES_EVERY == 0
        crop = progress < config["crop_share"]
        if of_scenes:
            numbers, pixels, corner, cells = examples.scene_batch(config["batch"], crop)
            features = encoder(pixels.to(where), corner)
            loss, figures = scene_loss(heads, features, cells.to(where))
        else:
            numbers, pixels, hinted, hints, corner, *targets = examples.photo_batch(config["batch"], crop)
            middle = encoder.begin(pixels.to(where))
            features = encoder.finish(middle, corner)
            loss, figures = photo_loss(heads, features, *[target.to(where) for target in targets])
            if progress < config["hint_share"]:
                given = heads.hint(middle.permute(0, 2, 3, 1)[hinted.to(where)])
                distance = map_distance(given, hints.to(where))
                loss, figures = loss + distance * (1 - progress / config["hint_share"]), figures | {"hint": distance.item()}
        if with_language and features.shape[1] == GRID:
            captions = examples.scene_captions if of_scenes else examples.photo_captions
            added, more = language_loss(tasks, pool(features), captions, numbers, "scene" if of_scenes else "photo")
            loss, figures = loss + added, figures | more
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 5.0)
        for optimizer in optimizers.values():
            optimizer.step()
        step += 1
        now = time.time()
        elapsed, last = elapsed + now - last, now
        for name, value in figures.items():
            shown[name] = 0.95 * shown.get(name, value) + 0.05 * value
        if step % 100 == 0:
            print(f"step {step}  {elapsed / 60:.1f} min  rate {rate:.3f}  "
                  + "  ".join(f"{name} {value:.3f}" for name, value in shown.items()), flush=True)
        if now - last_save > SAVE_EVERY_SECONDS:
            save()
            last_save = now
    save()


if __name__ == "__main__":
    main()
