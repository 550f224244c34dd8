"""What every step shares: paths, command-line arguments, seeds and the photo list."""
import argparse
import json
import random
from pathlib import Path

import numpy as np
import torch

REPOSITORY = Path(__file__).resolve().parent.parent
IMAGE_SIZE = 208


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--photos", type=Path, default=REPOSITORY.parent / "shared" / "photos",
                        help="folder with manifest.jsonl and the photos (default: ../shared/photos)")
    parser.add_argument("--work", type=Path, default=REPOSITORY / "training" / "work",
                        help="folder for caches and checkpoints (default: training/work)")
    parser.add_argument("--config", type=Path, default=REPOSITORY / "training" / "config" / "cpu.json",
                        help="sizes and schedules (default: training/config/cpu.json)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default: 2)")


def prepare(arguments: argparse.Namespace) -> dict:
    """Seeds everything, sets the threads and returns the configuration."""
    random.seed(arguments.seed)
    np.random.seed(arguments.seed)
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    return json.loads(arguments.config.read_text())


def device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def load_photo_rows(work: Path) -> list[dict]:
    return [json.loads(line) for line in open(work / "photos.jsonl")]
