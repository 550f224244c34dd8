#!/usr/bin/env python3
"""Score what mining adds: the recall of small figures in painted scenes that nothing was trained on, with the tokens of
two runs of `train_tokens.py` of equal steps, one of them with --no-mining. Writes training/figures/mining.json, which
`npm run eval` reads.
"""
import argparse
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from cache_features import features
from checkpoints import build_mining, load_encoder
from common import IMAGE_SIZE, REPOSITORY, add_common_arguments, device, prepare
from exported import fold_batch_norms
from scenes import figure_classes, load_scenes
from train_tokens import Recall, TokenHeads, standing_figures

BATCH = 25


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--scenes", type=Path, required=True, help="folder of training/world/make.ts, another seed's")
    parser.add_argument("--mined", type=Path, required=True, help="what a run with mining wrote")
    parser.add_argument("--plain", type=Path, required=True, help="what a run with --no-mining wrote")
    parser.add_argument("--steps", type=int, required=True, help="how many steps both were trained")
    parser.add_argument("--figures", type=Path, default=REPOSITORY / "training" / "figures" / "mining.json")
    arguments = parser.parse_args()
    config, where = prepare(arguments), device()
    encoder = load_encoder(arguments.work, config)
    fold_batch_norms(encoder)
    encoder = encoder.to(where, memory_format=torch.channels_last)
    ways = {}
    for name, file in (("mined", arguments.mined), ("plain", arguments.plain)):
        saved = torch.load(file, weights_only=True, map_location=where)
        mining, heads = build_mining(config, name == "mined").to(where), TokenHeads(config["encoder"]["neck"][0]).to(where)
        mining.load_state_dict(saved["mining"])
        heads.load_state_dict(saved["heads"])
        ways[name] = (mining.eval(), heads.eval(), Recall())
    known = load_scenes(arguments.work)
    if known is None:
        raise SystemExit(f"{arguments.work} has no scenes: run training/scenes.py first.")
    classes = figure_classes(known.rows)

    rows = [json.loads(line) for line in open(arguments.scenes / "scenes.jsonl")]
    with torch.inference_mode():
        for start in range(0, len(rows), BATCH):
            part = rows[start:start + BATCH]
            pixels = []
            for row in part:
                with Image.open(arguments.scenes / row["file"]) as image:
                    pixels.append(np.asarray(image.convert("RGB").resize((IMAGE_SIZE, IMAGE_SIZE), Image.BILINEAR)))
            batch = torch.from_numpy(np.stack(pixels)).float().permute(0, 3, 1, 2).to(where)
            small, fine, deep = features(encoder, batch)
            views = (small, fine.permute(0, 3, 1, 2), deep.permute(0, 3, 1, 2))
            figures = [standing_figures(row, classes) for row in part]
            for mining, heads, recall in ways.values():
                recall.add(heads.figures(mining(*views)).amax(1).cpu(), figures)

    result: dict = {"scenes": len(rows), "steps": arguments.steps}
    for name, (_, _, recall) in ways.items():
        small, every, result["small_figures"] = recall.result()
        result[name] = {"small_recall": round(small, 4), "recall": round(every, 4)}
    print(json.dumps(result))
    arguments.figures.parent.mkdir(parents=True, exist_ok=True)
    arguments.figures.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
