"""Pictures as earlier steps have seen them: features before the mining, tokens after it."""
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor


@dataclass
class Cached:
    """`arrays` float16 [M, 2, ...] (plain, mirrored where there is one); `kinds` "photo", "labelled" or "scene";
    `parts` "train" or "held_back"; `scenes` the number of the painted scene, or -1."""
    arrays: list[np.ndarray]
    kinds: list[str]
    parts: list[str]
    captions: list[list[str]]
    scenes: list[int]

    def numbers(self, part: str, *kinds: str) -> np.ndarray:
        return np.array([n for n in range(len(self.kinds)) if self.parts[n] == part and self.kinds[n] in kinds], int)

    def views(self, numbers: np.ndarray, flips: np.ndarray) -> list[Tensor]:
        return [torch.from_numpy(array[numbers, flips]).float() for array in self.arrays]

    def batch(self, numbers: np.ndarray, flips: np.ndarray) -> Tensor:
        """The tokens [N, 49, D], where these are tokens."""
        return self.views(numbers, flips)[0]

    def feature_batch(self, numbers: np.ndarray, flips: np.ndarray) -> list[Tensor]:
        """What mining reads, where these are features: small [N, 49, D], fine [N, C, 26, 26], deep [N, D, 13, 13]."""
        small, fine, deep = self.views(numbers, flips)
        return [small, fine.permute(0, 3, 1, 2), deep.permute(0, 3, 1, 2)]


def load_cached(work: Path, rows_file: str, *names: str) -> Cached:
    rows = [json.loads(line) for line in open(work / rows_file)]
    return Cached([np.load(work / f"{name}.npy", mmap_mode="r") for name in names], [row["kind"] for row in rows],
                  [row["part"] for row in rows], [row["captions"] for row in rows],
                  [row.get("scene", -1) for row in rows])


def load_cached_features(work: Path) -> Cached:
    return load_cached(work, "features.jsonl", "small", "fine", "deep")


def load_cached_tokens(work: Path) -> Cached:
    return load_cached(work, "tokens.jsonl", "tokens")
