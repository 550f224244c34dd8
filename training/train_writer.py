#!/usr/bin/env python3
"""Step 10: train the writer, a small causal language model for Suggest, from scratch.

Reads the story texts (tinystories.jsonl, the English of pages.jsonl, prose.jsonl) and Flickr8k's train captions, trains
writer-tokenizer.json once, and then trains until the clock runs out. writer.pt is written every few minutes with all
that `--resume` needs, so whatever is there can be exported at any time.
"""
import argparse
import json
import math
import os
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from common import REPOSITORY, add_common_arguments, device, load_photo_rows, prepare
from muon import Muon
from writer import Writer
from writer_text import COLLECTIONS, Encoded, Windows, as_example, nearest_captions, read_texts, train_tokenizer

TOKENIZER = "writer-tokenizer.json"
CHECKPOINT = "writer.pt"
SAVE_EVERY_MINUTES = 5
HELD_BACK_TOKENS = 6_000


def load_encoded(stories: Path, work: Path, config: dict) -> tuple[Encoded, Tokenizer]:
    texts = read_texts(stories, load_photo_rows(work))
    if not (work / TOKENIZER).exists():
        train_tokenizer(texts, config["pieces"], work / TOKENIZER)
    tokenizer = Tokenizer.from_file(str(work / TOKENIZER))
    captions = [text.parts[0][0] for text in texts if text.collection == "captions" and not text.held_back]
    near_path = work / "writer-captions.json"
    if not near_path.exists():
        near_path.write_text(json.dumps(nearest_captions(texts, captions)))
    return Encoded(texts, tokenizer, json.loads(near_path.read_text()), config), tokenizer


def held_back_windows(encoded: Encoded, config: dict, limit: int) -> dict[str, list]:
    """A fixed sample of held-back documents of each collection, without added captions, as examples of one row."""
    import random
    out = {}
    for name in COLLECTIONS:
        chance, rows, total = random.Random(7), [], 0
        texts = [text for text in encoded.texts if text.collection == name and text.held_back]
        chance.shuffle(texts)
        for text in texts:
            if total >= limit:
                break
            ids, learned = encoded.document(text, chance, 0.0)
            ids, learned = ids[:config["context"] + 1], learned[:config["context"] + 1]
            rows.append(as_example(torch.from_numpy(ids)[None].long(), torch.from_numpy(learned)[None]))
            total += len(ids)
        out[name] = rows
    return out


def perplexity(model: Writer, rows: list) -> float:
    model.eval()
    total, count = 0.0, 0
    with torch.inference_mode():
        for ids, targets, mask in rows:
            total += F.cross_entropy(model.logits(model(ids, mask))[0], targets[0], ignore_index=-100,
                                     reduction="sum").item()
            count += int((targets >= 0).sum())
    model.train()
    return math.exp(total / count)


def optimizers(model: Writer, config: dict) -> list[torch.optim.Optimizer]:
    """Muon for the layers' matrices, AdamW for the embeddings and the norms."""
    matrices = [parameter for parameter in model.layers.parameters() if parameter.ndim == 2]
    gains = [parameter for parameter in model.parameters() if parameter.ndim == 1]
    return [Muon(matrices, config["matrix_rate"], weight_decay=0.05),
            torch.optim.AdamW([{"params": [model.embedding.weight], "weight_decay": 0.01},
                               {"params": gains, "weight_decay": 0.0}], lr=config["embedding_rate"],
                              betas=(0.9, 0.98), fused=True)]


def schedule(progress: float, step: int) -> float:
    """Warm-up over 40 steps, then a cosine to 2 %."""
    return min(1.0, (step + 1) / 40) * (0.02 + 0.98 * (1 + math.cos(math.pi * min(1.0, progress))) / 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--stories", type=Path, help="folder with the story texts (default: stories beside the photos)")
    parser.add_argument("--minutes", type=float, help="wall-clock time in all (default: from the configuration)")
    parser.add_argument("--resume", action="store_true", help="go on from writer.pt, its time counted in")
    arguments = parser.parse_args()
    config, where = prepare(arguments)["writer"], device()
    minutes = arguments.minutes or config["minutes"]
    stories = arguments.stories or arguments.photos.parent / "stories"
    encoded, tokenizer = load_encoded(stories, arguments.work, config)
    pieces = tokenizer.get_vocab_size()
    model = Writer(pieces, config).to(where)
    used = optimizers(model, config)
    rates = [[group["lr"] for group in optimizer.param_groups] for optimizer in used]
    step, spent, tokens = 0, 0.0, 0
    path = arguments.work / CHECKPOINT
    if arguments.resume:
        saved = torch.load(path, weights_only=True, map_location=where)
        model.load_state_dict(saved["writer"])
        for optimizer, state in zip(used, saved["optimizers"]):
            optimizer.load_state_dict(state)
        step, spent, tokens = saved["step"], saved["seconds"], saved["tokens"]
    windows = Windows(encoded, config, arguments.seed + step)
    checks = held_back_windows(encoded, config, HELD_BACK_TOKENS)
    print(f"pieces {pieces}, parameters {sum(p.numel() for p in model.parameters())}, documents "
          + ", ".join(f"{name} {len(windows.texts[name])}" for name in COLLECTIONS), flush=True)

    def save() -> None:
        state = {"writer": model.state_dict(), "optimizers": [optimizer.state_dict() for optimizer in used],
                 "step": step, "seconds": seconds, "tokens": tokens}
        torch.save(state, path.with_suffix(".part"))
        os.replace(path.with_suffix(".part"), path)
        held = {name: perplexity(model, rows) for name, rows in checks.items()}
        print(f"step {step}  {seconds / 60:.1f} min  tokens {tokens}  train {shown:.3f}  held back "
              + ", ".join(f"{name} {value:.2f}" for name, value in held.items()), flush=True)

    learn = torch.compile(model) if config.get("compile") else model
    start, shown, saved_at = time.time() - spent, math.nan, spent
    while True:
        seconds = time.time() - start
        progress = seconds / (60 * minutes)
        if progress >= 1 or seconds - saved_at > 60 * SAVE_EVERY_MINUTES:
            save()
            saved_at = seconds
        if progress >= 1:
            break
        for optimizer, base in zip(used, rates):
            for group, rate in zip(optimizer.param_groups, base):
                group["lr"] = rate * schedule(progress, step)
        ids, targets, mask = (part.to(where) for part in windows.batch())
        hidden = learn(ids, mask)
        kept = targets.flatten() >= 0
        loss = F.cross_entropy(model.logits(hidden.flatten(0, 1)[kept]), targets.flatten()[kept])
        for optimizer in used:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in used:
            optimizer.step()
        step, tokens = step + 1, tokens + ids.numel()
        shown = loss.item() if math.isnan(shown) else 0.97 * shown + 0.03 * loss.item()
        if step in (1, 5, 10, 20, 50) or step % 100 == 0:
            print(f"step {step}  {(time.time() - start) / 60:.1f} min  tokens {tokens}  train {shown:.3f}", flush=True)


if __name__ == "__main__":
    main()
