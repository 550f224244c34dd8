#!/usr/bin/env python3
"""Step 5: run the trained image encoder over the pictures that have captions, Flickr8k's also mirrored.

Writes features.jsonl (one line a row: kind, part, captions, and for a painted scene its number) and, float16,

  small.npy   [M, 2, 49, D]         the small view's tokens
  fine.npy    [M, 2, 26, 26, 128]   the large view's maps
  deep.npy    [M, 2, 13, 13, D]

so that the next step needs no pictures. Part `held_back` chooses checkpoints; Flickr8k's dev split is not read.
"""
import argparse
import json

import numpy as np
import torch
from torch import Tensor

from checkpoints import load_encoder
from common import add_common_arguments, device, load_photo_rows, prepare
from exported import fold_batch_norms
from language import captions_of, is_held_back, may_train
from models import ImageEncoder, small_view
from scenes import load_scenes, scene_captions

LABELLED_EVERY = 10
BATCH = 16
NAMES = ("small", "fine", "deep")


def features(encoder: ImageEncoder, pixels: Tensor) -> list[Tensor]:
    """Pixels [N, 3, 208, 208] -> small [N, 49, D], fine [N, 26, 26, 128], deep [N, 13, 13, D]."""
    small = encoder(small_view(pixels))[1].flatten(2).transpose(1, 2)
    fine, deep = encoder(pixels)
    return [small, fine.permute(0, 2, 3, 1), deep.permute(0, 2, 3, 1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--scenes", type=int, default=3000, help="how many painted scenes at most (default: 3000)")
    arguments = parser.parse_args()
    config = prepare(arguments)
    encoder = load_encoder(arguments.work, config)
    fold_batch_norms(encoder)
    where = device()
    encoder = encoder.to(where, memory_format=torch.channels_last)
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
            rows += [{"kind": "scene", "part": part, "captions": scene_captions(scenes.rows[number]), "scene": number}
                     for number in numbers]
    shapes = [(49, encoder.channels), (26, 26, encoder.fine_channels), (13, 13, encoder.channels)]
    arrays = [np.lib.format.open_memmap(arguments.work / f"{name}.npy", "w+", np.float16, (len(rows), 2, *shape))
              for name, shape in zip(NAMES, shapes)]
    with torch.inference_mode():
        for start in range(0, len(rows), BATCH):
            pixels = np.stack([array[number] for array, number in pictures[start:start + BATCH]])
            plain = torch.from_numpy(pixels).to(where).float().permute(0, 3, 1, 2)
            views = [features(encoder, plain)]
            if any(row["kind"] == "photo" for row in rows[start:start + BATCH]):
                views.append(features(encoder, plain.flip(3).contiguous(memory_format=torch.channels_last)))
            for view in (0, 1):
                for array, values in zip(arrays, views[min(view, len(views) - 1)]):
                    array[start:start + BATCH, view] = values.cpu().numpy()
            if start // BATCH % 50 == 49:
                print(f"{start + BATCH}/{len(rows)}", flush=True)
    with open(arguments.work / "features.jsonl", "w") as file:
        for row in rows:
            file.write(json.dumps(row) + "\n")
    print(f"features of {len(rows)} pictures")


if __name__ == "__main__":
    main()
