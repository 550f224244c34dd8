#!/usr/bin/env python3
"""Step 17: write the maps of the role `join`: see.onnx, retrieve.onnx, paint.onnx and joint.json, the role's entry for
the manifest of the starter pack.

Weights are stored as int8 with one scale a row or column. Every map is checked against PyTorch in onnxruntime, both
with the weights as stored. The calibration is fitted here, on held-back photos: how sure similarities to the encoder's
vector of a text and to the story's vector make that a picture fits.
"""
import argparse
import json
import re
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.export import Dim

from cached import load_cached_tokens
from checkpoints import load_text_encoder
from common import IMAGE_SIZE, REPOSITORY, add_common_arguments, prepare
from export import check, export, file_entry
from export_writer import as_stored
from joint import TOKEN_CHANNELS, TOKENS, VISUAL_POSITIONS, Paint, Reader, Retrieve, See, SeeAt, in_context
from language import load_tokenizer
from tasks import pad_rows
from train_joint import TIMES, WEATHERS, SceneVocabulary, embed_pictures, load_states, load_writer, panel_vectors

LEAST_FIGURE, LEAST_SETTING = 0.35, 0.5
DIMENSIONS = 256


def load_maps(out: Path, config: dict, vocabulary: SceneVocabulary) -> tuple[See, Reader, Reader]:
    """The maps with the weights as they are stored."""
    see = See(config["layers"], config["heads"], config["width"] // config["heads"])
    retrieve, paint = Reader(DIMENSIONS), Reader(sum(vocabulary.sizes()))
    for module, name in ((see, "see"), (retrieve, "retrieve"), (paint, "paint")):
        module.load_state_dict(torch.load(out / f"joint-{name}.pt", weights_only=True, map_location="cpu"))
        as_stored(module.eval(), False)
    return see, retrieve, paint


@torch.inference_mode()
def calibrate(arguments: argparse.Namespace, everything: dict, reader: Reader) -> dict[str, float]:
    """Logistic regression on both similarities: each held-back photo asked for by a caption alone and after others, with
    the photo itself and with one random other; both classes count the same."""
    cached = load_cached_tokens(arguments.work)
    held, numbers = load_states(arguments.out / "joint-photos-held.npz")
    place = {number: at for at, number in enumerate(numbers)}
    pictures = embed_pictures(arguments, everything, cached, np.array(numbers))[:, 0]
    tokenizer, text_encoder = load_tokenizer(arguments.work), load_text_encoder(arguments.work, everything)
    stories, right, texts = [], [], []
    for tells, vectors in zip(held.tells, panel_vectors(reader, held)):
        # Each panel with those before it; states keep no words, so the encoder is asked captions as the cache has them.
        for panel in range(len(tells)):
            stories.append(in_context(vectors[:panel + 1]))
            right.append(place[tells[panel]])
            texts.append(cached.captions[tells[panel]][panel])
    stories, right = torch.stack(stories), torch.tensor(right)
    ids = [tokenizer.encode(text).ids[:everything["max_text_tokens"]] for text in texts]
    asked = torch.cat([text_encoder(pad_rows(ids[i:i + 200])) for i in range(0, len(ids), 200)])
    generator = torch.Generator().manual_seed(5)
    wrong = (right + torch.randint(1, len(pictures), right.shape, generator=generator)) % len(pictures)
    inputs = torch.cat([torch.stack([(asked * pictures[which]).sum(1), (stories * pictures[which]).sum(1)], 1) for which in (right, wrong)])
    target = torch.cat([torch.ones(len(right)), torch.zeros(len(wrong))])
    with torch.inference_mode(False):
        values = torch.tensor([1.0, 1.0, 0.0], requires_grad=True)
        inputs, target = inputs.clone(), target.clone()
        optimizer = torch.optim.LBFGS([values], max_iter=200, line_search_fn="strong_wolfe")

        def closure() -> Tensor:
            optimizer.zero_grad()
            loss = F.binary_cross_entropy_with_logits(10 * inputs @ values[:2] + values[2], target)
            loss.backward()
            return loss

        optimizer.step(closure)
    text, story, bias = 10 * values[0].item(), 10 * values[1].item(), values[2].item()
    odds = inputs @ torch.tensor([text, story]) + bias
    print(f"calibration: text {text:.2f}, story {story:.2f}, bias {bias:.2f}, {((odds > 0) == (target > 0.5)).float().mean():.3f} of pairs on the right side")
    return {"text": round(text, 4), "story": round(story, 4), "bias": round(bias, 4)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--writer", type=Path, help="folder with writer.pt and its tokenizer (default: --work)")
    parser.add_argument("--out", type=Path, help="folder with the checkpoints of train_joint.py (default: --work)")
    parser.add_argument("--pack", type=Path, required=True, help="where the maps and joint.json are written")
    parser.add_argument("--writer-pack", type=Path, default=REPOSITORY / "resources" / "models" / "writer")
    arguments = parser.parse_args()
    everything = prepare(arguments)
    config = everything["writer"]
    arguments.writer, arguments.out = arguments.writer or arguments.work, arguments.out or arguments.work
    arguments.pack.mkdir(parents=True, exist_ok=True)
    writer, _ = load_writer(arguments.writer, config)
    vocabulary = SceneVocabulary(**json.loads((arguments.out / "joint-scene.json").read_text()))
    see, retrieve, paint = load_maps(arguments.out, config, vocabulary)
    layers, heads, channels = config["layers"], config["heads"], config["width"] // config["heads"]

    def tokens(position: int) -> dict[str, Tensor]:
        return {"tokens": torch.randn(1, TOKENS, TOKEN_CHANNELS), "position": torch.tensor([position])}

    def read(count: int) -> dict[str, Tensor]:
        own = (torch.arange(count) >= count // 2).float()
        return {"present": torch.randn(layers, 2, heads, count, channels), "own": own, "before": 1 - own}

    def panels(count: int, many: int) -> dict[str, Tensor]:
        rows = (torch.arange(count)[None] * many // count == torch.arange(many)[:, None]).float()
        return {"present": read(count)["present"], "panels": rows}

    length, many = Dim("T", min=2), Dim("P", min=1)
    shapes = {"present": {3: length}, "own": {0: length}, "before": {0: length}}
    plans: dict[str, tuple[nn.Module, dict, dict, list[str], list[dict]]] = {
        "see": (SeeAt(see, writer), tokens(3), {"tokens": {}, "position": {}}, ["past"], [tokens(0), tokens(120)]),
        "retrieve": (Retrieve(retrieve), panels(9, 3), {"present": {3: length}, "panels": {0: many, 1: length}}, ["vector"],
                     [panels(2, 1), panels(200, 6)]),
        "paint": (Paint(paint, vocabulary.sizes()), read(9), shapes, ["place", "time", "weather", "figures", "where"],
                  [read(2), read(200)]),
    }
    for name, (module, example, dynamic, outputs, cases) in plans.items():
        path = arguments.pack / f"{name}.onnx"
        export(module.eval(), example, dynamic, outputs, path, True, exact=True)
        print(f"{name}: {path.stat().st_size} bytes, largest difference {check(module, path, cases, outputs):.2e}")

    network = file_entry(arguments.writer_pack / "writer.onnx")
    role = {"family": "writer", "vision": "vision.onnx", "see": "see.onnx", "retrieve": "retrieve.onnx", "paint": "paint.onnx",
            "imageSize": IMAGE_SIZE, "writer": network["sha256"], "positions": VISUAL_POSITIONS, "dimensions": DIMENSIONS,
            "calibration": calibrate(arguments, everything, retrieve),
            "scene": {"places": vocabulary.places, "times": TIMES, "weathers": WEATHERS,
                      "figures": [{"icon": icon, "word": word} for icon, word in zip(vocabulary.figures, vocabulary.named)],
                      "leastFigure": LEAST_FIGURE, "leastSetting": LEAST_SETTING}}
    text = json.dumps(role, indent=2)
    (arguments.pack / "joint.json").write_text(re.sub(r'\{\s+"icon": ("[^"]*"),\s+"word": ("[^"]*")\s+\}', r'{"icon": \1, "word": \2}', text) + "\n")


if __name__ == "__main__":
    main()
