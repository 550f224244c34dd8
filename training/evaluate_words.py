#!/usr/bin/env python3
"""Score words.pt with PyTorch alone on painted scenes, for comparison with the app (bench/eval/pyramid.ts).

`--scenes` is a folder of `npm run -s training:world -- --count 200 --seed 424242 --out DIR`. Writes
training/figures/pyramid.json: how many words are likelier than not, and the sum of their probabilities.
"""
import argparse
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from checkpoints import load_encoder
from common import REPOSITORY, add_common_arguments, prepare
from export_words import load_words
from exported import fold_batch_norms
from models import TokenPool

SCENES, SEED = 200, 424242


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--scenes", type=Path, required=True)
    parser.add_argument("--words", type=Path, help="default: words.pt in the work folder")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "training" / "figures" / "pyramid.json")
    arguments = parser.parse_args()
    config = prepare(arguments)
    encoder, pool = load_encoder(arguments.work, config), TokenPool()
    fold_batch_norms(encoder)
    module, _ = load_words(arguments.words or arguments.work / "words.pt")
    rows = [json.loads(line) for line in open(arguments.scenes / "scenes.jsonl")][:SCENES]
    words, probability = 0, 0.0
    with torch.inference_mode():
        for start in range(0, len(rows), 8):
            pixels = np.stack([np.asarray(Image.open(arguments.scenes / row["file"]).convert("RGB"))
                               for row in rows[start:start + 8]])
            tokens = pool(encoder(torch.from_numpy(pixels).float().permute(0, 3, 1, 2)))
            presence = module(tokens)[0]
            words += int((presence >= 0.5).sum())
            probability += float(presence[presence >= 0.5].sum())
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps({"scenes": len(rows), "seed": SEED, "words": words,
                                         "probability": round(probability, 4)}, indent=2) + "\n")
    print(arguments.out.read_text())


if __name__ == "__main__":
    main()
