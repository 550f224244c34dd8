#!/usr/bin/env python3
"""Step 8: go on training the caption decoder on cached image tokens, and the selector of tokens with it.

Two thirds of the batches caption from the tokens that the selector keeps, the others from all of them; the share kept
is drawn towards `keep`. Starts from what the tokens' step left; stops by the clock; keeps the weights with the lowest
loss on held-back train photos, as captioned from the tokens kept, in caption.pt.
"""
import argparse
import math
import time

import numpy as np
import torch

from cached import load_cached_tokens
from common import add_common_arguments, device, prepare
from language import load_tokenizer
from models import keep_share
from tasks import CaptionIds, LanguageTasks

CHECK_EVERY = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--minutes", type=float, help="wall-clock time (default: from the configuration)")
    parser.add_argument("--from-scratch", action="store_true", help="do not start from tokens.pt's captioner")
    parser.add_argument("--resume", action="store_true", help="go on from caption.pt instead")
    parser.add_argument("--keep-all", action="store_true", help="without the selector, for comparison")
    parser.add_argument("--rate", type=float, help="learning rate (default: from the configuration)")
    arguments = parser.parse_args()
    everything = prepare(arguments)
    config, where = everything["caption"], device()
    minutes = arguments.minutes or config["minutes"]
    cached = load_cached_tokens(arguments.work)
    captions = CaptionIds(cached.captions, load_tokenizer(arguments.work), everything["max_tokens"])
    tasks = LanguageTasks(everything)
    if not arguments.from_scratch:
        file = "caption.pt" if arguments.resume else "tokens.pt"
        saved = torch.load(arguments.work / file, weights_only=True, map_location="cpu")
        tasks.captioner.load_state_dict(saved["captioner"])
    tasks, captioner = tasks.to(where), tasks.captioner
    base_rate = arguments.rate or config["learning_rate"]
    optimizer = torch.optim.AdamW(captioner.parameters(), base_rate, weight_decay=0.02)
    training = cached.numbers("train", "photo", "labelled", "scene")
    share = {"photo": 1.0, "labelled": config["labelled_share"], "scene": config["scene_share"]}
    weights = np.array([share[cached.kinds[number]] for number in training])
    weights /= weights.sum()
    held_back = cached.numbers("held_back", "photo")

    def held_back_loss() -> tuple[float, float]:
        """The loss, and the share of tokens kept."""
        captioner.eval()
        losses, kept = [], []
        with torch.inference_mode():
            for part in np.array_split(held_back, max(1, len(held_back) // 75)):
                tokens = cached.batch(part, np.zeros(len(part), int)).to(where)
                share = None if arguments.keep_all else keep_share(captioner.need(tokens), False)
                losses.append(tasks.caption_loss(tokens, captions.for_captioner(part, 5).to(where), 0.0, share).item())
                kept.append(1.0 if share is None else share.mean().item())
        captioner.train()
        return float(np.mean(losses)), float(np.mean(kept))

    best = math.inf
    step, shown, start = 0, None, time.time()
    captioner.train()
    while True:
        progress = (time.time() - start) / (60 * minutes)
        if progress >= 1 or (step % CHECK_EVERY == 0 and step):
            loss, kept = held_back_loss()
            print(f"step {step}  {progress * minutes:.1f} min  train {shown:.3f}  held back {loss:.4f}  kept {kept:.3f}",
                  flush=True)
            # At first the selector keeps too much, which is no better model.
            if loss < best and (kept < config["keep"] + 0.05 or arguments.keep_all):
                best = loss
                torch.save({"captioner": captioner.state_dict()}, arguments.work / "caption.pt")
        if progress >= 1:
            break
        optimizer.param_groups[0]["lr"] = (base_rate * min(1, (step + 1) / 50)
                                           * (0.02 + 0.98 * (1 + math.cos(math.pi * progress)) / 2))
        numbers = np.random.choice(training, config["batch"], p=weights)
        tokens = cached.batch(numbers, np.random.randint(0, 2, len(numbers))).to(where)
        ids = captions.for_captioner(numbers, config["captions_per_photo"]).to(where)
        if arguments.keep_all or step % 3 == 2:
            loss = tasks.caption_loss(tokens, ids)
        else:
            need = captioner.need(tokens)
            share = keep_share(need, True)
            # Drawn towards the share in the first third of the time.
            wanted = 1 - (1 - config["keep"]) * min(1, 3 * progress)
            loss = tasks.caption_loss(tokens, ids, None, share) + 4 * (need.sigmoid().mean() - wanted) ** 2
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(captioner.parameters(), 1.0)
        optimizer.step()
        step += 1
        shown = loss.item() if shown is None else 0.98 * shown + 0.02 * loss.item()


if __name__ == "__main__":
    main()
