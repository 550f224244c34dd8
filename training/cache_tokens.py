#!/usr/bin/env python3
"""Step 7: make the image tokens of every cached picture.

Writes tokens.npy (float16 [M, 2, 49, D]) and tokens.jsonl (the rows of features.jsonl), for the steps after this one.
"""
import argparse
import shutil

import numpy as np
import torch

from cached import load_cached_features
from checkpoints import load_mining
from common import add_common_arguments, device, prepare

BATCH = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    arguments = parser.parse_args()
    config = prepare(arguments)
    cached, where = load_cached_features(arguments.work), device()
    mining = load_mining(arguments.work, config).to(where)
    count = len(cached.kinds)
    out = np.lib.format.open_memmap(arguments.work / "tokens.npy", "w+", np.float16,
                                    (count, 2, 49, config["encoder"]["neck"][0]))
    with torch.inference_mode():
        for start in range(0, count, BATCH):
            numbers = np.arange(start, min(start + BATCH, count))
            for view in (0, 1):
                views = cached.feature_batch(numbers, np.full(len(numbers), view))
                out[start:start + BATCH, view] = mining(*(part.to(where) for part in views)).cpu().numpy()
    out.flush()
    shutil.copy(arguments.work / "features.jsonl", arguments.work / "tokens.jsonl")
    print(f"tokens of {count} pictures")


if __name__ == "__main__":
    main()
