#!/usr/bin/env python3
"""Run words.pt in PyTorch, unquantised, on painted scenes, for comparison with the app (bench/eval/pyramid.ts).

The tokens are those of the exported vision network, which `evaluate.py` compares with PyTorch.

`--scenes` is a folder of `npm run -s training:world -- --count 200 --seed 424242 --out DIR`. Writes
training/figures/pyramid.json: how many words are likelier than not, and the sum of their probabilities.
"""
import argparse
import json
from pathlib import Path

import torch

from common import REPOSITORY, add_common_arguments, prepare
from export_words import load_words
from train_words import encode_scenes

SCENES, SEED = 200, 424242


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--scenes", type=Path, required=True)
    parser.add_argument("--vision", type=Path, required=True, help="the pack's vision.onnx")
    parser.add_argument("--words", type=Path, help="default: words.pt in the work folder")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "training" / "figures" / "pyramid.json")
    arguments = parser.parse_args()
    prepare(arguments)
    module, _ = load_words(arguments.words or arguments.work / "words.pt")
    tokens, rows = encode_scenes(arguments.scenes, arguments.vision, arguments.threads, SCENES)
    with torch.inference_mode():
        presence = module(torch.from_numpy(tokens).float())[0]
    words, probability = int((presence >= 0.5).sum()), float(presence[presence >= 0.5].sum())
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps({"scenes": len(rows), "seed": SEED, "words": words,
                                         "probability": round(probability, 4)}, indent=2) + "\n")
    print(arguments.out.read_text())


if __name__ == "__main__":
    main()
