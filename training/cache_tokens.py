#!/usr/bin/env python3
"""Step 5: run the trained image encoder over the pictures that have captions, Flickr8k's also mirrored.

Writes tokens.npy (float16 [M, 2, 49, D]) and tokens.jsonl (one line a row: kind, part, captions), so that the next
two steps need no pictures. Part `held_back` chooses checkpoints; Flickr8k's dev split is not read.
"""
import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from checkpoints import load_encoder
from common import add_common_arguments, device, load_photo_rows, prepare
from exported import fold_batch_norms
from language import captions_of, is_held_back, may_train
from models import TokenPool
from scenes import load_scenes, scene_captions

LABELLED_EVERY = 10
BATCH = 32


@dataclass
class CachedTokens:
    """`tokens` float16 [M, 2, 49, D] (plain, mirrored where there is one); `kinds` "photo", "labelled" or "scene"; `parts` "train" or "held_back"."""
    tokens: np.ndarray
    kinds: list[str]
    parts: list[str]
    captions: list[list[str]]

    def numbers(self, part: str, *kinds: str) -> np.ndarray:
        return np.array([n for n in range(len(self.kinds)) if self.parts[n] == part and self.kinds[n] in kinds], int)

    def batch(self, numbers: np.ndarray, flips: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(self.tokens[numbers, flips]).float()


def load_cached_tokens(work: Path) -> CachedTokens:
    rows = [json.loads(line) for line in open(work / "tokens.jsonl")]
    return CachedTokens(np.load(work / "tokens.npy"), [row["kind"] for row in rows], [row["part"] for row in rows],
                        [row["captions"] for row in rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--scenes", type=int, default=1000, help="how many painted scenes at most (default: 1000)")
    parser.add_argument("--no-mirror", action="store_true", help="half the time: no mirrored photos")
    arguments = parser.parse_args()
    config = prepare(arguments)
    encoder = load_encoder(arguments.work, config)
    fold_batch_norms(encoder)
    where = device()
    encoder, pool = encoder.to(where, memory_format=torch.channels_last), TokenPool().to(where)
    photos = np.load(arguments.work / "photos.npy", mmap_mode="r")
    pictures, rows = [], []
    for number, row in enumerate(load_photo_rows(arguments.work)):
        held_back, captions = is_held_back(row, number), captions_of(row)
        flickr = row["dataset"] == "flickr8k"
        if captions and (held_back or may_train(row, number)) and (flickr or number % LABELLED_EVERY == 0):
            pictures.append((photos, number))
            rows.append({"kind": "photo" if flickr else "labelled", "part": "held_back" if held_back else "train",
                         "captions": captions})
    scenes = load_scenes(arguments.work)
    if scenes:
        for part, numbers in (("train", scenes.training[:arguments.scenes]), ("held_back", scenes.held_back)):
            pictures += [(scenes.pixels, number) for number in numbers]
            rows += [{"kind": "scene", "part": part, "captions": scene_captions(scenes.rows[number])} for number in numbers]
    out = np.lib.format.open_memmap(arguments.work / "tokens.npy", "w+", np.float16, (len(rows), 2, 49, encoder.channels))
    with torch.inference_mode():
        for start in range(0, len(rows), BATCH):
            pixels = np.stack([array[number] for array, number in pictures[start:start + BATCH]])
            plain = torch.from_numpy(pixels).to(where).float().permute(0, 3, 1, 2)
            out[start:start + BATCH, :] = pool(encoder(plain)).cpu().numpy()[:, None]
            if rows[start]["kind"] == "photo" and not arguments.no_mirror:
                mirrored = plain.flip(3).contiguous(memory_format=torch.channels_last)
                out[start:start + BATCH, 1] = pool(encoder(mirrored)).cpu().numpy()
            if start // BATCH % 100 == 99:
                print(f"{start + BATCH}/{len(rows)}", flush=True)
    out.flush()
    with open(arguments.work / "tokens.jsonl", "w") as file:
        for row in rows:
            file.write(json.dumps(row) + "\n")
    print(f"tokens of {len(rows)} pictures")


if __name__ == "__main__":
    main()
