#!/usr/bin/env python3
"""Step 10: go on training the shared space on cached image tokens: text encoder and image embedder, InfoNCE over large
batches. Keeps the weights with the best recall on held-back train photos in text.pt, then fits calibration.json: the
chance that a text and a picture belong together is 1 / (1 + exp(-(scale * cosine + bias)))."""
import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from cached import Cached, load_cached_tokens
from common import add_common_arguments, device, prepare
from language import load_tokenizer
from tasks import CaptionIds, LanguageTasks, pad_rows

CHECK_EVERY = 100


def recall(tasks: LanguageTasks, cached: Cached, captions: CaptionIds, numbers: np.ndarray, where: torch.device,
           at: int = 10) -> float:
    """Text-to-image recall among the pictures `numbers`, each with all of its captions."""
    pictures, texts, owner = embed(tasks, cached, captions, numbers, where)
    ranks = (texts @ pictures.T).argsort(1, descending=True)[:, :at]
    return float((ranks == owner[:, None]).any(1).float().mean())


@torch.inference_mode()
def embed(tasks: LanguageTasks, cached: Cached, captions: CaptionIds, numbers: np.ndarray,
          where: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Picture vectors [N, 256], text vectors [M, 256] of all their captions, and each text's picture [M]."""
    tasks.eval()
    pictures = tasks.embedder(cached.batch(numbers, np.zeros(len(numbers), int)).to(where)).cpu()
    ids = [row for number in numbers for row in captions.ids[number]]
    owner = torch.tensor([place for place, number in enumerate(numbers) for _ in captions.ids[number]])
    texts = torch.cat([tasks.text_encoder(pad_rows(ids[i:i + 256]).to(where)).cpu() for i in range(0, len(ids), 256)])
    tasks.train()
    return pictures, texts, owner


def calibrate(groups: list[tuple[Tensor, Tensor, Tensor]]) -> dict[str, float]:
    """Logistic regression on the cosine: every text with its own picture, and with one random other of its group;
    both classes count the same."""
    cosines, targets = [], []
    for pictures, texts, owner in groups:
        other = (owner + torch.randint(1, len(pictures), owner.shape)) % len(pictures)
        cosines += [(texts * pictures[owner]).sum(1), (texts * pictures[other]).sum(1)]
        targets += [torch.ones(len(owner)), torch.zeros(len(owner))]
    cosine, target = torch.cat(cosines), torch.cat(targets)
    values = torch.tensor([1.0, 0.0], requires_grad=True)
    optimizer = torch.optim.LBFGS([values], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(10 * values[0] * cosine + values[1], target)
        loss.backward()
        return loss

    optimizer.step(closure)
    scale, bias = 10 * values[0].item(), values[1].item()
    right = ((scale * cosine + bias > 0) == (target > 0.5)).float().mean().item()
    print(f"calibration: scale {scale:.2f}, bias {bias:.2f}, {right:.3f} of pairs on the right side")
    return {"bias": round(bias, 4), "scale": round(scale, 4)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--minutes", type=float, help="wall-clock time (default: from the configuration)")
    parser.add_argument("--start", type=Path, help="a text.pt whose text encoder to start from")
    arguments = parser.parse_args()
    everything = prepare(arguments)
    config, where = everything["text"], device()
    minutes = arguments.minutes or config["minutes"]
    cached = load_cached_tokens(arguments.work)
    captions = CaptionIds(cached.captions, load_tokenizer(arguments.work), everything["max_tokens"])
    tasks = LanguageTasks(everything)
    if arguments.start:
        saved = torch.load(arguments.start, weights_only=True, map_location="cpu")
        tasks.text_encoder.load_state_dict(saved["text_encoder"])
    tasks = tasks.to(where)
    parameters = [*tasks.embedder.parameters(), *tasks.text_encoder.parameters(), tasks.log_scale]
    optimizer = torch.optim.AdamW(parameters, config["learning_rate"], weight_decay=0.1)
    photos, scenes = cached.numbers("train", "photo", "labelled"), cached.numbers("train", "scene")
    share = np.array([1.0 if cached.kinds[number] == "photo" else config["labelled_share"] for number in photos])
    share /= share.sum()
    held_photos, held_scenes = cached.numbers("held_back", "photo"), cached.numbers("held_back", "scene")

    best, step, shown, start = -1.0, 0, None, time.time()
    tasks.train()
    while True:
        progress = (time.time() - start) / (60 * minutes)
        if progress >= 1 or (step % CHECK_EVERY == 0 and step):
            of_photos = recall(tasks, cached, captions, held_photos, where)
            of_scenes = recall(tasks, cached, captions, held_scenes, where) if len(held_scenes) else 0.0
            print(f"step {step}  {progress * minutes:.1f} min  train {shown:.3f}  R@10 among {len(held_photos)} held-back "
                  f"photos {of_photos:.4f}, among {len(held_scenes)} scenes {of_scenes:.4f}", flush=True)
            if of_photos > best:
                best = of_photos
                torch.save({"embedder": tasks.embedder.state_dict(), "text_encoder": tasks.text_encoder.state_dict()},
                           arguments.work / "text.pt")
        if progress >= 1:
            break
        optimizer.param_groups[0]["lr"] = (config["learning_rate"] * min(1, (step + 1) / 50)
                                           * (0.02 + 0.98 * (1 + math.cos(math.pi * progress)) / 2))
        of_scene = len(scenes) and step % 6 == 5
        numbers = (np.random.choice(scenes, config["batch"] // 2, replace=False) if of_scene
                   else np.random.choice(photos, config["batch"], replace=False, p=share))
        tokens = cached.batch(numbers, np.random.randint(0, 2, len(numbers)))
        tokens = tokens * (torch.rand(len(numbers), tokens.shape[1], 1) > config["token_dropout"])
        loss = tasks.match_loss(tokens.to(where), captions.for_text_encoder(numbers).to(where))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        step += 1
        shown = loss.item() if shown is None else 0.98 * shown + 0.02 * loss.item()

    saved = torch.load(arguments.work / "text.pt", weights_only=True, map_location=where)
    tasks.embedder.load_state_dict(saved["embedder"])
    tasks.text_encoder.load_state_dict(saved["text_encoder"])
    groups = [embed(tasks, cached, captions, numbers, where) for numbers in (held_photos, held_scenes) if len(numbers)]
    (arguments.work / "calibration.json").write_text(json.dumps(calibrate(groups)))


if __name__ == "__main__":
    main()
