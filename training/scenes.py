#!/usr/bin/env python3
"""Step 2: keep painted scenes as arrays.

Reads a folder that `npm run -s training:world -- --count N --seed S --out DIR` wrote: DIR/scenes.jsonl, one line a
scene with `file`, `captions`, `figures` [{name, x, y, w, h} in 0..1], `place`, `time`, `weather`. Writes into the work folder

  scenes.jsonl   the lines, in array order
  scenes.npy     uint8 [N, 208, 208, 3]
  cells.npy      uint16 [N, 13, 13]: what stands in each cell: 0 nothing, else 1 + the rank of the figure's name by
                 frequency, FIGURE_CLASSES at most
"""
import argparse
import collections
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from common import IMAGE_SIZE, add_common_arguments
from language import clean

FIGURE_CLASSES = 300
GRID = 13
HELD_BACK_EVERY = 20


@dataclass
class Scenes:
    rows: list[dict]
    pixels: np.ndarray
    cells: np.ndarray
    training: list[int]
    held_back: list[int]


def load_scenes(work: Path) -> Scenes | None:
    """The painted scenes, or None where there are none yet."""
    if not (work / "cells.npy").exists():
        return None
    rows = [json.loads(line) for line in open(work / "scenes.jsonl")]
    numbers = range(len(rows))
    return Scenes(rows, np.load(work / "scenes.npy", mmap_mode="r"), np.load(work / "cells.npy"),
                  [n for n in numbers if n % HELD_BACK_EVERY], [n for n in numbers if n % HELD_BACK_EVERY == 0])


def figure_classes(rows: list[dict]) -> dict[str, int]:
    """The most frequent figures' names: 1 + their rank."""
    seen = collections.Counter(figure["name"] for row in rows for figure in row["figures"])
    return {name: rank + 1 for rank, (name, _) in enumerate(seen.most_common(FIGURE_CLASSES))}


def draw_cells(figures: list[dict], classes: dict[str, int]) -> np.ndarray:
    """[13, 13]: later figures stand in front; a figure takes the cells whose centre its box holds, one at least."""
    cells = np.zeros((GRID, GRID), np.uint16)
    centres = (np.arange(GRID) + 0.5) / GRID
    for figure in figures:
        number = classes.get(figure["name"])
        if number is None:
            continue
        x, y, w, h = (figure[key] for key in ("x", "y", "w", "h"))
        rows = np.flatnonzero((centres >= y) & (centres <= y + h))
        columns = np.flatnonzero((centres >= x) & (centres <= x + w))
        if not len(rows):
            rows = np.array([min(max(int((y + h / 2) * GRID), 0), GRID - 1)])
        if not len(columns):
            columns = np.array([min(max(int((x + w / 2) * GRID), 0), GRID - 1)])
        cells[np.ix_(rows, columns)] = number
    return cells


def scene_captions(row: dict) -> list[str]:
    return [clean(caption) for caption in row["captions"]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--scenes", type=Path, required=True, help="the folder with scenes.jsonl")
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in open(arguments.scenes / "scenes.jsonl")]
    classes = figure_classes(rows)
    pixels = np.zeros((len(rows), IMAGE_SIZE, IMAGE_SIZE, 3), np.uint8)
    for number, row in enumerate(rows):
        with Image.open(arguments.scenes / row["file"]) as image:
            pixels[number] = np.asarray(image.convert("RGB").resize((IMAGE_SIZE, IMAGE_SIZE), Image.BILINEAR))
    arguments.work.mkdir(parents=True, exist_ok=True)
    np.save(arguments.work / "scenes.npy", pixels)
    with open(arguments.work / "scenes.jsonl", "w") as out:
        for row in rows:
            out.write(json.dumps(row) + "\n")
    np.save(arguments.work / "cells.npy", np.stack([draw_cells(row["figures"], classes) for row in rows]))
    print(f"scenes: {len(rows)}, {len(classes)} kinds of figures")


if __name__ == "__main__":
    main()
