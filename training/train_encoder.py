#!/usr/bin/env python3
"""Step 4: train the image encoder from scratch.

First each stage learns by itself, all at once, with the frozen detector's map before it as input and the one after it
as target (block-wise distillation; Wang et al. 2018, "Progressive Blockwise Knowledge Distillation"): errors of one
stage do not reach the next, and a few hundred steps do what thousands from end to end do not. Then the whole chain
learns: the detector's last maps on every photo, its inner maps where they are kept, the content words of Flickr8k's
captions, the labels of the labelled sets and, for painted scenes, what stands in each 16-pixel cell; and in the last
part of the time also the detector's map as seen from the small view. Pictures are not mirrored or tinted: the
detector would have given another map for those.

Matrices and convolutions learn with Muon, the rest with AdamW. Stops by the clock; writes encoder.pt; --resume goes
on from it.
"""
import argparse
import math
import queue
import threading
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from common import add_common_arguments, device, load_photo_rows, prepare
from language import content_words, is_held_back, may_train, words
from models import ImageEncoder, TeacherHeads, pooling_matrix, small_view
from muon import Muon
from scenes import FIGURE_CLASSES, load_scenes

SCENES_EVERY = 5
FLICKR_SHARE = 0.625
SAVE_EVERY_SECONDS = 180
LIMIT = 8.0  # standard deviations


class Examples:
    """The photos and painted scenes with their targets, served as batches."""

    def __init__(self, arguments: argparse.Namespace, config: dict):
        rows = load_photo_rows(arguments.work)
        self.pixels = np.load(arguments.work / "photos.npy", mmap_mode="r")
        self.maps = [np.load(arguments.work / f"{name}.npy", mmap_mode="r")
                     for name in ("stage0", "stage1", "stage2", "teacher")]
        done = int((arguments.work / "stages.done").read_text())
        training = [n for n, row in enumerate(rows) if may_train(row, n)]
        self.with_stages = np.array([n for n in training if rows[n]["dataset"] == "flickr8k" and n < done])
        self.others = np.array(sorted(set(training) - set(self.with_stages.tolist())))
        self.held_back = np.array([n for n in range(done) if is_held_back(rows[n], n)][:64])
        sample = self.with_stages[:2000:20]
        self.means = [torch.from_numpy(part[sample].astype(np.float32).mean((0, 1, 2))) for part in self.maps]
        self.deviations = [torch.from_numpy(part[sample].astype(np.float32).std((0, 1, 2))) + 1e-3
                           for part in self.maps]
        self.words = content_words(rows, config["words"])
        self.word_targets = self.read_words(rows)
        self.labels = sorted({row["labels"][0] for row in rows if row["labels"] and len(row["labels"]) == 1})
        self.label_targets = np.array([self.labels.index(row["labels"][0]) if row["labels"] and len(row["labels"]) == 1
                                       else -1 for row in rows])
        self.scenes = load_scenes(arguments.work)

    def read_words(self, rows: list[dict]) -> np.ndarray:
        """[photos, words]: 1 where two captions have the word, 0.5 where one has."""
        place = {word: index for index, word in enumerate(self.words)}
        targets = np.zeros((len(rows), len(self.words)), np.float32)
        for number, row in enumerate(rows):
            for caption in row["captions"] or []:
                for word in {word for word in words(caption) if word in place}:
                    targets[number, place[word]] = min(1, targets[number, place[word]] + 0.5)
        return targets

    def standardised(self, which: int, numbers: np.ndarray) -> Tensor:
        """The detector's maps [N, C, s, s], each channel of mean 0 and deviation 1."""
        values = torch.from_numpy(self.maps[which][numbers].astype(np.float32))
        return ((values - self.means[which]) / self.deviations[which]).clamp(-LIMIT, LIMIT).permute(0, 3, 1, 2)

    def photos(self, numbers: np.ndarray, stages: int) -> tuple[Tensor, list[Tensor]]:
        """Pixels [N, 3, S, S] of photos, the first `stages` of them with inner maps; the maps."""
        return pixels_of(self.pixels[numbers]), [*(self.standardised(which, numbers[:stages]) for which in range(3)),
                                                 self.standardised(3, numbers)]

    def forced_batch(self, size: int) -> tuple[Tensor, list[Tensor]]:
        return self.photos(draw(self.with_stages, size), size)

    def photo_batch(self, size: int) -> tuple:
        """Pixels, maps, words of the Flickr8k photos (which come first), labels of the others."""
        count = int(size * FLICKR_SHARE)
        numbers = np.concatenate([draw(self.with_stages, count), draw(self.others, size - count)])
        return (*self.photos(numbers, count), torch.from_numpy(self.word_targets[numbers[:count]]),
                torch.from_numpy(self.label_targets[numbers[count:]]))

    def scene_batch(self, size: int) -> tuple[Tensor, Tensor]:
        """Pixels, and the figure class of each cell [N, 13, 13]."""
        numbers = draw(np.array(self.scenes.training), size)
        return pixels_of(self.scenes.pixels[numbers]), torch.from_numpy(self.scenes.cells[numbers].astype(np.int64))


def draw(numbers: np.ndarray, size: int) -> np.ndarray:
    return np.sort(np.random.choice(numbers, size, replace=False))


def pixels_of(values: np.ndarray) -> Tensor:
    """uint8 [N, S, S, 3] -> float [N, 3, S, S] in channels-last order."""
    return torch.from_numpy(values).float().permute(0, 3, 1, 2)


def forced_loss(encoder: ImageEncoder, pixels: Tensor, maps: list[Tensor]) -> tuple[Tensor, dict[str, float]]:
    """Every stage by itself, on the detector's own maps."""
    first, second, third, last = maps
    losses = [F.mse_loss(encoder.stages[0]((pixels - 118.0) / 64.0), first),
              F.mse_loss(encoder.stages[1](first), second),
              F.mse_loss(encoder.stages[2](second), third),
              F.mse_loss(encoder.neck(encoder.join(second, third)), last)]
    return sum(losses), {f"forced{index}": loss.item() for index, loss in enumerate(losses)}


def photo_loss(encoder: ImageEncoder, heads: TeacherHeads, pixels: Tensor, maps: list[Tensor], word_targets: Tensor,
               labels: Tensor) -> tuple[Tensor, dict[str, float]]:
    *inner, deep = encoder.maps(pixels)
    count = len(word_targets)
    losses = [F.mse_loss(given[:count], wanted) for given, wanted in zip(inner, maps)]
    last = F.mse_loss(encoder.neck.head(deep), maps[3])
    pooled = heads.pool(deep)
    word_loss = F.binary_cross_entropy_with_logits(heads.words(pooled[:count]), word_targets, reduction="sum") / count
    label_loss = (F.cross_entropy(heads.labels(pooled[count:]), labels, ignore_index=-1) if (labels >= 0).any()
                  else 0 * word_loss)
    figures = {f"stage{index}": loss.item() for index, loss in enumerate(losses)}
    return (0.3 * sum(losses) + last + 0.01 * word_loss + 0.05 * label_loss,
            figures | {"last": last.item(), "words": word_loss.item(), "labels": label_loss.item()})


def scene_loss(encoder: ImageEncoder, heads: TeacherHeads, pixels: Tensor, cells: Tensor) \
        -> tuple[Tensor, dict[str, float]]:
    _, deep = encoder(pixels)
    logits, cells = heads.figures(deep.permute(0, 2, 3, 1)).flatten(0, 2), cells.flatten()
    weight = torch.ones(FIGURE_CLASSES + 1, device=logits.device)
    weight[0] = 0.2
    loss = F.cross_entropy(logits, cells, weight=weight)
    standing = cells > 0
    right = (logits.argmax(-1) == cells)[standing].float().mean()
    return 0.3 * loss, {"cells": loss.item(), "cells_right": right.item()}


def small_loss(encoder: ImageEncoder, heads: TeacherHeads, pixels: Tensor, last: Tensor, pool: Tensor) \
        -> tuple[Tensor, dict[str, float]]:
    """The detector's last maps, averaged to 7x7, from the small view. Batch statistics are those of the large view, so
    that one set of weights serves both."""
    encoder.eval()
    _, deep = encoder(small_view(pixels))
    encoder.train()
    loss = F.mse_loss(heads.small(deep.flatten(2).transpose(1, 2)), pool @ last.flatten(2).transpose(1, 2))
    return 0.5 * loss, {"small": loss.item()}


@torch.inference_mode()
def explained(encoder: ImageEncoder, examples: Examples, where: torch.device) -> str:
    """The share of the variance of the detector's maps that the encoder explains on photos held back, map by map."""
    encoder.eval()
    pixels, maps = examples.photos(examples.held_back, len(examples.held_back))
    *inner, deep = encoder.maps(pixels.to(where))
    given = [*inner, encoder.neck.head(deep)]
    encoder.train()
    return " ".join(f"{1 - F.mse_loss(a.cpu(), b).item() / b.square().mean().item():.3f}" for a, b in zip(given, maps))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--minutes", type=float, help="wall-clock time (default: from the configuration)")
    parser.add_argument("--resume", action="store_true", help="go on from encoder.pt")
    arguments = parser.parse_args()
    config = prepare(arguments)["encoder"]
    minutes, where = arguments.minutes or config["minutes"], device()
    examples = Examples(arguments, config)
    encoder = ImageEncoder(config).to(where, memory_format=torch.channels_last)
    heads = TeacherHeads(encoder.channels, len(examples.words), len(examples.labels), FIGURE_CLASSES,
                         config["teacher_channels"][-1]).to(where)
    pool = pooling_matrix().to(where)
    common = torch.from_numpy(examples.word_targets[examples.with_stages].mean(0))
    heads.words.bias.data = torch.logit(common, eps=1e-3).to(where)
    modules = nn.ModuleDict({"encoder": encoder, "heads": heads})
    matrices = [parameter for parameter in encoder.parameters() if parameter.ndim == 4]
    rest = [parameter for parameter in encoder.parameters() if parameter.ndim != 4] + list(heads.parameters())
    optimizers = {"matrices": Muon(matrices, config["matrix_rate"], weight_decay=0.01),
                  "rest": torch.optim.AdamW(rest, config["learning_rate"], weight_decay=0.01)}
    path, elapsed, step = arguments.work / "encoder.pt", 0.0, 0
    if arguments.resume:
        saved = torch.load(path, weights_only=True, map_location=where)
        modules.load_state_dict(saved["modules"])
        for name, optimizer in optimizers.items():
            optimizer.load_state_dict(saved["optimizers"][name])
        elapsed, step = saved["elapsed"], saved["step"]

    def save() -> None:
        torch.save({"modules": modules.state_dict(), "step": step, "elapsed": elapsed,
                    "encoder": encoder.state_dict(),
                    "optimizers": {name: optimizer.state_dict() for name, optimizer in optimizers.items()}},
                   path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def kind_of(number: int) -> str:
        if elapsed < 60 * config["forced_minutes"]:
            return "forced"
        return "scene" if examples.scenes and number % SCENES_EVERY == 0 else "photo"

    batches: queue.Queue = queue.Queue(3)

    def serve() -> None:
        number = step
        while True:
            kind, number = kind_of(number), number + 1
            serve_one = {"forced": examples.forced_batch, "photo": examples.photo_batch, "scene": examples.scene_batch}
            batches.put((kind, serve_one[kind](config["batch"])))

    threading.Thread(target=serve, daemon=True).start()
    modules.train()
    last_time, last_save, shown = time.time(), time.time(), {}
    while elapsed < 60 * minutes:
        forced, progress = 60 * config["forced_minutes"], elapsed / (60 * minutes)
        rate = (1 - 0.7 * elapsed / forced if elapsed < forced else
                0.02 + 0.98 * (1 + math.cos(math.pi * (elapsed - forced) / (60 * minutes - forced))) / 2)
        for name, base in (("matrices", config["matrix_rate"]), ("rest", config["learning_rate"])):
            optimizers[name].param_groups[0]["lr"] = base * rate * min(1, (step + 1) / 30)
            optimizers[name].zero_grad(set_to_none=True)
        kind, batch = batches.get()
        batch = [[part.to(where) for part in value] if isinstance(value, list) else value.to(where) for value in batch]
        if kind == "forced":
            loss, figures = forced_loss(encoder, *batch)
        elif kind == "photo":
            loss, figures = photo_loss(encoder, heads, *batch)
            if progress >= 1 - config["small_share"]:
                added, more = small_loss(encoder, heads, batch[0], batch[1][3], pool)
                loss, figures = loss + added, figures | more
        else:
            loss, figures = scene_loss(encoder, heads, *batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(rest, 5.0)
        for optimizer in optimizers.values():
            optimizer.step()
        step += 1
        now = time.time()
        elapsed, last_time = elapsed + now - last_time, now
        for name, value in figures.items():
            shown[name] = 0.95 * shown.get(name, value) + 0.05 * value
        if step % 50 == 0:
            print(f"step {step}  {elapsed / 60:.1f} min  rate {rate:.3f}  "
                  + "  ".join(f"{name} {value:.3f}" for name, value in shown.items())
                  + (f"  explained {explained(encoder, examples, where)}" if step % 200 == 0 else ""), flush=True)
        if now - last_save > SAVE_EVERY_SECONDS:
            save()
            last_save = now
    save()
    print(f"explained {explained(encoder, examples, where)}")


if __name__ == "__main__":
    main()
