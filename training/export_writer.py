#!/usr/bin/env python3
"""Step 11: write the writer's pack: writer.onnx, tokenizer.json, manifest.json, and the checks the app repeats.

Weights are stored as int8 with one scale a row or column (`--half`: as float16) and cast back to float32 when a session
loads. The network is checked against PyTorch in onnxruntime, both with the weights as stored, on whole texts and token
by token; a few of PyTorch's numbers go into `--fixture`, where the app's tests compare them with what they get.
"""
import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.export import Dim

from common import REPOSITORY, add_common_arguments, prepare
from export import SMALLEST_COMPRESSED, export, file_entry, quantise
from train_writer import CHECKPOINT, TOKENIZER
from writer import Writer
from writer_text import BOS, EOP, EOS, PAD, PICTURE, PICTURE_END

DESCRIPTION = ("Small language model that continues a story panel by panel, trained from scratch for Fabula on stories "
               "for children and picture captions; English only; works offline on any machine.")
LICENCE = ("Weights trained on TinyStories (CDLA-Sharing-1.0), picture books (CC BY), public-domain tales and Flickr8k "
           "captions (research and non-commercial use); see MODEL_CARD.md")
MAX_TOKENS = 64
TOLERANCE = 2e-3


class WriterStep(nn.Module):
    """`ids` int64 [1, T], `past` [L, 2, H, P, D] (P may be 0) -> `present` [L, 2, H, P + T, D], `logits` [V], those
    after the last token."""

    def __init__(self, writer: Writer):
        super().__init__()
        self.writer = writer

    def forward(self, ids: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        before, count = past.shape[3], ids.shape[1]
        keys = torch.arange(before + count)
        positions = keys[before:]
        angles = self.writer.angles(positions)
        mask = torch.where(keys[None, :] <= positions[:, None], 0.0, -1e9)
        x, present = self.writer.embed(ids), []
        for number, layer in enumerate(self.writer.layers):
            x, kept = layer.step(x, angles, past[number], mask)
            present.append(kept)
        return torch.stack(present), self.writer.logits(x[:, -1])[0]


def as_stored(writer: Writer, half: bool) -> Writer:
    """The same network with weights that the file can hold exactly: storing them changes nothing more."""
    for parameter in writer.parameters():
        values = parameter.detach().numpy()
        if values.size < SMALLEST_COMPRESSED:
            continue
        if half or values.ndim == 1:
            stored = values.astype(np.float16).astype(np.float32)
        else:
            scale, rounded = quantise(values)
            stored = rounded * scale
        parameter.data = torch.from_numpy(stored)
    return writer


def empty_past(config: dict) -> Tensor:
    return torch.zeros(config["layers"], 2, config["heads"], 0, config["width"] // config["heads"])


def check(module: WriterStep, path: Path, config: dict, lines: list[list[int]]) -> tuple[float, bool]:
    """The largest difference of a logit between PyTorch and onnxruntime, texts read whole and then token by token, and
    whether both always put the same token first."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    largest, same = 0.0, True
    for line in lines:
        for parts in ([line], [[token] for token in line], [line[:3], line[3:7], line[7:]]):
            ours = theirs = empty_past(config)
            for part in filter(None, parts):
                ids = torch.tensor([part])
                with torch.inference_mode():
                    ours, want = module(ids, ours)
                theirs, got = session.run(["present", "logits"], {"ids": ids.numpy(), "past": np.asarray(theirs)})
                largest = max(largest, float(np.abs(want.numpy() - got).max()))
                same = same and int(want.argmax()) == int(got.argmax())
    return largest, same


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--out", type=Path, default=REPOSITORY / "resources" / "models" / "writer")
    parser.add_argument("--revision", required=True, help="for example 2026.11-1; give a new one for new weights")
    parser.add_argument("--half", action="store_true", help="store the weights as float16 instead of int8")
    parser.add_argument("--fixture", type=Path, help="write a few of PyTorch's numbers here, as JSON")
    arguments = parser.parse_args()
    config = prepare(arguments)["writer"]
    arguments.out.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(arguments.work / TOKENIZER))
    writer = Writer(tokenizer.get_vocab_size(), config)
    saved = torch.load(arguments.work / CHECKPOINT, weights_only=True, map_location="cpu")
    writer.load_state_dict(saved["writer"])
    as_stored(writer.eval(), arguments.half)
    step = WriterStep(writer).eval()

    heads, channels = config["heads"], config["width"] // config["heads"]
    example = {"ids": torch.tensor([[BOS, 300, 301, 302]]),
               "past": torch.zeros(config["layers"], 2, heads, 3, channels)}
    path = arguments.out / "writer.onnx"
    export(step, example, {"ids": {1: Dim("T", min=1)}, "past": {3: Dim("P", min=0)}},
           ["present", "logits"], path, not arguments.half)
    texts = ["One day, a little girl named Lily found a needle in her room.",
             "The dog ran to the river. \"Wait for me!\" said the cat.", "Café, naïve; ¿qué? 猫は港に帰ります。"]
    lines = [[BOS] + tokenizer.encode(" " + text).ids for text in texts]
    lines.append([BOS, PICTURE, *tokenizer.encode(" a dog runs on the beach").ids, PICTURE_END])
    lines.append(([BOS] + tokenizer.encode(" Once upon a time there was a king." * 40).ids)[:config["context"]])
    largest, same = check(step, path, config, lines)
    print(f"writer.onnx: {path.stat().st_size} bytes after step {saved['step']} "
          f"({saved['tokens']} tokens, {saved['seconds'] / 60:.0f} minutes); largest difference of a logit from "
          f"PyTorch {largest:.2e}, same first choice {same}")
    assert largest < TOLERANCE and same

    shutil.copy(arguments.work / TOKENIZER, arguments.out / "tokenizer.json")
    manifest = {
        "format": 1, "id": "writer", "name": "Writer pack", "revision": arguments.revision, "licence": LICENCE,
        "description": DESCRIPTION,
        "roles": {"write": {
            "family": "writer", "network": "writer.onnx", "tokenizer": "tokenizer.json", "layers": config["layers"],
            "heads": heads, "channels": channels, "context": config["context"], "maxTokens": MAX_TOKENS,
            "languages": ["en"], "lettersPerToken": config["letters_per_token"],
            "marks": {"begin": BOS, "end": EOS, "panelEnd": EOP, "picture": PICTURE, "pictureEnd": PICTURE_END,
                      "never": [PAD]},
            "temperature": config["temperature"], "nucleus": config["nucleus"]}},
        "files": [file_entry(arguments.out / name) for name in ("writer.onnx", "tokenizer.json")],
    }
    (arguments.out / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    print(f"total {sum(entry['bytes'] for entry in manifest['files'])} bytes")

    if arguments.fixture:
        cases = []
        for text, line in zip(texts, lines):
            with torch.inference_mode():
                _, logits = step(torch.tensor([line]), empty_past(config))
            best = logits.topk(5)
            cases.append({"text": text, "ids": line[1:], "best": best.indices.tolist(),
                          "logits": [round(value, 4) for value in best.values.tolist()]})
        note = "PyTorch's five largest logits after each text; written by training/export_writer.py"
        arguments.fixture.write_text(json.dumps({"note": note, "revision": arguments.revision, "cases": cases},
                                                indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
