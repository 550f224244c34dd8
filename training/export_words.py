#!/usr/bin/env python3
"""Write words.onnx, vocabulary.json and forms.json into a pack's folder, words.json, the role's entry for the manifest,
and guide.json, which makes them steer captions.

The network gives calibrated probabilities: the calibration of words.pt is folded in. It is checked against PyTorch in
onnxruntime; the largest absolute difference is printed.
"""
import argparse
import json
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.export import Dim

from common import IMAGE_SIZE, add_common_arguments, prepare
from export import check, export
from guide import word_forms
from train_words import CELLS, WordHead
from words import Vocabulary


class Words(nn.Module):
    """`tokens` [N, 49, D] -> `presence` [N, W], probabilities, and `cells` [N, 49, W], logits of where."""

    def __init__(self, head: WordHead, scale: Tensor, shift: Tensor):
        super().__init__()
        self.head = head
        self.register_buffer("scale", scale)
        self.register_buffer("shift", shift)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        logits, cells = self.head(tokens)
        return torch.sigmoid(logits * self.scale + self.shift), cells


def load_words(path: Path) -> tuple[Words, Vocabulary]:
    saved = torch.load(path, weights_only=True)
    vocabulary = Vocabulary()
    if saved["words"] != [word.name for word in vocabulary.words]:
        raise SystemExit(f"{path} was trained for another list of words: train it again.")
    head = WordHead(saved["channels"], len(vocabulary))
    head.load_state_dict(saved["head"])
    return Words(head, saved["scale"], saved["shift"]).eval(), vocabulary


def vocabulary_json(vocabulary: Vocabulary) -> list[dict]:
    return [{"word": word.name, "kind": word.kind, "layers": [int(layer) for layer in word.layers],
             "broader": sorted(vocabulary.words[above].name for above in vocabulary.broader[number])}
            for number, word in enumerate(vocabulary.words)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--out", type=Path, required=True, help="the pack's folder")
    parser.add_argument("--words", type=Path, help="default: words.pt in the work folder")
    parser.add_argument("--batch", type=int, default=8, help="pictures of one run in the app (default: 8)")
    arguments = parser.parse_args()
    config = prepare(arguments)
    module, vocabulary = load_words(arguments.words or arguments.work / "words.pt")
    channels = module.head.norm.normalized_shape[0]
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / "words.onnx"
    count = Dim("count", min=1, max=1024)
    export(module, {"tokens": torch.randn(2, CELLS, channels)}, {"tokens": {0: count}}, ["presence", "cells"], path,
           int8=False)
    difference = check(module, path, [{"tokens": torch.randn(n, CELLS, channels)} for n in (1, 3, 8)],
                       ["presence", "cells"])
    lines = ",\n".join("  " + json.dumps(entry) for entry in vocabulary_json(vocabulary))
    (arguments.out / "vocabulary.json").write_text(f"[\n{lines}\n]\n")
    lines = ",\n".join(f"  {json.dumps(form)}: {json.dumps(says)}" for form, says in word_forms(vocabulary).items())
    (arguments.out / "forms.json").write_text(f"{{\n{lines}\n}}\n")
    guide = {"words": "words.onnx", "vocabulary": "vocabulary.json", "forms": "forms.json", **config["guide"]}
    (arguments.out / "guide.json").write_text(json.dumps(guide, indent=2) + "\n")
    role = {"family": "starter", "vision": "vision.onnx", "words": "words.onnx", "vocabulary": "vocabulary.json",
            "imageSize": IMAGE_SIZE, "batch": arguments.batch}
    (arguments.out / "words.json").write_text(json.dumps(role, indent=2) + "\n")
    print(f"words.onnx: {path.stat().st_size} bytes, differs from PyTorch by at most {difference:.2g}")


if __name__ == "__main__":
    main()
