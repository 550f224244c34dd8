#!/usr/bin/env python3
"""Step 18: PyTorch's figures of the joined model, for `npm run eval` to compare with what the app measures.

Reads the writer and the maps with their weights as they are stored, photos of Flickr8k's dev split by the pack's own
vision network, and scenes that trained nothing, and writes training/figures/joint.json: R@1 of one caption and of the
last of five, and the share of places and figures that the painter's condition gives back, with the scenes asked.
"""
import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from common import IMAGE_SIZE, REPOSITORY, add_common_arguments, prepare
from export_joint import LEAST_FIGURE, LEAST_SETTING, load_maps
from joint import in_context, read_along
from train_joint import Pieces, SceneVocabulary, load_writer, sentence
from writer_text import BOS, EOP

MOST_FIGURES = 6


@torch.inference_mode()
def states_of(writer, ids: list[int], current: int) -> tuple[Tensor, Tensor, Tensor]:
    """States, own and before of one row, its last panel beginning at `current`."""
    row = torch.tensor([ids])
    causal = torch.ones(len(ids), len(ids), dtype=torch.bool).tril()[None]
    _, states = read_along(writer, row, torch.arange(len(ids))[None], causal)
    own = (torch.arange(len(ids)) >= current).float()[None]
    before = ((torch.arange(len(ids)) < current) & (row[0] != BOS)).float()[None]
    return states, own, before


def laid_out(pieces: Pieces, texts: list[str], room: int) -> tuple[list[int], int]:
    """As the app lays panels out: the nearest that fit, each with its mark, and where the last one begins."""
    parts = [[*pieces(text), EOP] for text in texts]
    ids = [BOS] + [piece for part in parts for piece in part]
    assert len(ids) <= room, "a story longer than the writer reads"
    return ids, len(ids) - len(parts[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--writer", type=Path, help="folder with writer.pt and its tokenizer (default: --work)")
    parser.add_argument("--out", type=Path, help="folder with the checkpoints of train_joint.py (default: --work)")
    parser.add_argument("--pack", type=Path, default=REPOSITORY / "resources" / "models" / "starter")
    parser.add_argument("--scenes", type=Path, required=True, help="scenes.jsonl that trained nothing")
    parser.add_argument("--figures", type=Path, default=REPOSITORY / "training" / "figures" / "joint.json")
    parser.add_argument("--embeddings", type=Path, help="keep the photos' embeddings here, and read them where they are")
    arguments = parser.parse_args()
    config = prepare(arguments)["writer"]
    arguments.writer, arguments.out = arguments.writer or arguments.work, arguments.out or arguments.work
    writer, tokenizer = load_writer(arguments.writer, config)
    pieces = Pieces(tokenizer)
    vocabulary = SceneVocabulary(**json.loads((arguments.out / "joint-scene.json").read_text()))
    _, retrieve, paint = load_maps(arguments.out, config, vocabulary)

    rows = [json.loads(line) for line in open(arguments.photos / "manifest.jsonl")]
    rows = [row for row in rows if row["dataset"] == "flickr8k" and row.get("split") == "dev" and len(row.get("captions") or []) >= 5][:1000]
    if arguments.embeddings and arguments.embeddings.exists():
        pictures = np.load(arguments.embeddings)
    else:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = arguments.threads
        session = onnxruntime.InferenceSession(str(arguments.pack / "vision.onnx"), options, providers=["CPUExecutionProvider"])
        pictures = []
        for start in range(0, len(rows), 8):
            squares = []
            for row in rows[start:start + 8]:
                with Image.open(arguments.photos / row["file"]) as image:
                    squares.append(np.asarray(image.convert("RGB").resize((IMAGE_SIZE, IMAGE_SIZE), Image.BILINEAR)))
            pictures.append(session.run(["embedding"], {"pixels": np.stack(squares)})[0])
        pictures = np.concatenate(pictures)
        if arguments.embeddings:
            np.save(arguments.embeddings, pictures)
    pictures = torch.from_numpy(pictures)

    def recall(first: int) -> dict[int, float]:
        vectors = []
        for row in rows:
            ids, _ = laid_out(pieces, row["captions"][first:5], config["context"])
            read, _, _ = states_of(writer, ids, 0)
            ends = torch.tensor(ids) == EOP
            number = ends.cumsum(0) - ends.long()  # the mark that ends a panel belongs to it
            panels = (number[None] == torch.arange(5 - first)[:, None]).float() * (torch.tensor(ids) != BOS)
            with torch.inference_mode():
                found = retrieve(read.expand(5 - first, -1, -1), panels, torch.zeros_like(panels))
                vectors.append(in_context(F.normalize(found, dim=-1)))
        scores = torch.stack(vectors) @ pictures.T
        ranks = (scores > scores.diagonal()[:, None]).sum(1)
        return {k: float((ranks < k).float().mean()) for k in (1, 5, 10)}

    one, five = recall(4), recall(0)
    print(f"one caption {one}, five {five}, {five[1] / max(one[1], 1e-9):.2f} times")

    scenes, kept = [json.loads(line) for line in open(arguments.scenes)], []
    place, all_figures, found, said, stand = 0, 0, 0, 0, 0
    for scene in scenes:
        texts = [sentence(scene["captions"][0])]
        read, own, before = states_of(writer, *laid_out(pieces, texts, config["context"]))
        with torch.inference_mode():
            at, _, _, named, where = paint(read, own, before)[0].split(vocabulary.sizes())
        at, named = at.softmax(-1), named.sigmoid()
        where = where.unflatten(0, (-1, 3)).sigmoid()
        place += bool(at.max() >= LEAST_SETTING and vocabulary.places[int(at.argmax())] == scene["place"])
        told = [index for index in named.argsort(descending=True).tolist() if named[index] >= LEAST_FIGURE][:MOST_FIGURES]
        said += len(told)
        wanted = {figure["icon"]: figure["x"] + figure["w"] / 2 for figure in scene["figures"]}
        all_figures += len(wanted)
        for index in told:
            if vocabulary.figures[index] in wanted:
                found += 1
                stand += abs(float(where[index, 0]) - wanted[vocabulary.figures[index]]) <= 1 / 6
        kept.append({"texts": texts, "place": scene["place"], "time": scene["time"], "weather": scene["weather"],
                     "figures": [{"icon": icon, "x": round(x, 4)} for icon, x in wanted.items()]})
    figures = {"one": one[1], "five": five[1], "place": place / len(scenes), "figures": found / all_figures,
               "right": found / max(said, 1), "stand": stand / max(found, 1), "scenes": kept}
    print({key: value for key, value in figures.items() if key != "scenes"})
    arguments.figures.parent.mkdir(parents=True, exist_ok=True)
    lines = json.dumps({**figures, "scenes": None})[:-1].replace('"scenes": null', '"scenes": [')
    arguments.figures.write_text(lines + "\n" + ",\n".join(json.dumps(row) for row in kept) + "\n]}\n")


if __name__ == "__main__":
    main()
