#!/usr/bin/env python3
"""Step 6: go on training the caption decoder on cached image tokens.

Starts from what the encoder's step left; stops by the clock; keeps the weights with the lowest loss on held-back train
photos in caption.pt.
"""
import argparse
import math
import time

import numpy as np
import torch

from cache_tokens import load_cached_tokens
from common import add_common_arguments, device, prepare
from language import load_tokenizer
from tasks import CaptionIds, LanguageTasks

CHECK_EVERY = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--minutes", type=float, help="wall-clock time (default: from the configuration)")
    parser.add_argument("--from-scratch", action="store_true", help="do not start from encoder.pt's captioner")
    parser.add_argument("--resume", action="store_true", help="go on from caption.pt instead")
    parser.add_argument("--rate", type=float, help="learning rate (default: from the configuration)")
    arguments = parser.parse_args()
    everything = prepare(arguments)
    config, where = everything["caption"], device()
    minutes = arguments.minutes or config["minutes"]
    cached = load_cached_tokens(arguments.work)
    captions = CaptionIds(cached.captions, load_tokenizer(arguments.work), everything["max_tokens"])
    tasks = LanguageTasks(everything)
    if not arguments.from_scratch:
        tasks.load_state_dict(torch.load(arguments.work / "encoder.pt", weights_only=True, map_location="cpu")["tasks"])
    if arguments.resume:
        saved = torch.load(arguments.work / "caption.pt", weights_only=True, map_location="cpu")
        tasks.captioner.load_state_dict(saved["captioner"])
    tasks, captioner = tasks.to(where), tasks.captioner
    base_rate = arguments.rate or config["learning_rate"]
    optimizer = torch.optim.AdamW(captioner.parameters(), base_rate, weight_decay=0.02)
    training = cached.numbers("train", "photo", "labelled", "scene")
    share = {"photo": 1.0, "labelled": config["labelled_share"], "scene": config["scene_share"]}
    weights = np.array([share[cached.kinds[number]] for number in training])
    weights /= weights.sum()
    held_back = cached.numbers("held_back", "photo")

    def held_back_loss() -> float:
        captioner.eval()
        with torch.inference_mode():
            losses = [tasks.caption_loss(cached.batch(part, np.zeros(len(part), int)).to(where),
                                         captions.for_captioner(part, 5).to(where), 0.0).item()
                      for part in np.array_split(held_back, max(1, len(held_back) // 75))]
        captioner.train()
        return float(np.mean(losses))

    best = held_back_loss() if arguments.resume else math.inf
    step, shown, start = 0, None, time.time()
    captioner.train()
    while True:
        progress = (time.time() - start) / (60 * minutes)
        if progress >= 1 or (step % CHECK_EVERY == 0 and step):
            loss = held_back_loss()
            print(f"step {step}  {progress * minutes:.1f} min  train {shown:.3f}  held back {loss:.4f}", flush=True)
            if loss < best:
                best = loss
                torch.save({"captioner": captioner.state_dict()}, arguments.work / "caption.pt")
        if progress >= 1:
            break
        optimizer.param_groups[0]["lr"] = (base_rate * min(1, (step + 1) / 50)
                                           * (0.02 + 0.98 * (1 + math.cos(math.pi * progress)) / 2))
        numbers = np.random.choice(training, config["batch"], p=weights)
        tokens = cached.batch(numbers, np.random.randint(0, 2, len(numbers))).to(where)
        loss = tasks.caption_loss(tokens, captions.for_captioner(numbers, config["captions_per_photo"]).to(where))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(captioner.parameters(), 1.0)
        optimizer.step()
        step += 1
        shown = loss.item() if shown is None else 0.98 * shown + 0.02 * loss.item()


if __name__ == "__main__":
    main()
