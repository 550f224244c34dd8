#!/usr/bin/env python3
"""Step 9: score an exported pack on photos it never saw, through onnxruntime, the way the app uses it.

Prints one JSON object: caption metrics (BLEU, CIDEr-D, content precision against shuffled pairs; by the script that
--metrics names), retrieval in both directions (R@1, R@5, R@10 over all captions), pictures a second.
"""
import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image
from tokenizers import Tokenizer

from common import REPOSITORY, add_common_arguments
from decoding import beam_search


class Pack:
    """An exported pack, run as its manifest says."""

    def __init__(self, folder: Path, threads: int):
        self.roles = json.loads((folder / "manifest.json").read_text())["roles"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads

        def session(name: str) -> onnxruntime.InferenceSession:
            return onnxruntime.InferenceSession(str(folder / name), options, providers=["CPUExecutionProvider"])

        encode, caption = self.roles["encode"], self.roles["caption"]
        self.vision, self.text = session(encode["vision"]), session(encode["text"])
        self.prefix, self.decoder = session(caption["prefix"]), session(caption["decoder"])
        self.tokenizer = Tokenizer.from_file(str(folder / encode["tokenizer"]))

    def see(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """uint8 [N, S, S, 3] -> tokens [N, 49, D], embedding [N, 256]."""
        return self.vision.run(["tokens", "embedding"], {"pixels": pixels})

    def read(self, text: str) -> np.ndarray:
        """A text's unit vector [256]."""
        ids = self.tokenizer.encode(text).ids[:self.roles["encode"]["maxTokens"]]
        return self.text.run(["embedding"], {"ids": np.array([ids], np.int64)})[0][0]

    def caption(self, tokens: np.ndarray) -> list[str]:
        role = self.roles["caption"]
        cross = self.prefix.run(["cross"], {"tokens": tokens})[0]
        empty = np.zeros((len(tokens), role["layers"], 2, 0, role["width"]), np.float32)

        def step(ids, position, beam, past, photo):
            return self.decoder.run(["present", "top_scores", "top_ids"],
                                    {"ids": ids, "position": position, "beam": beam, "cross": cross, "photo": photo,
                                     "past": empty if past is None else past})

        found = beam_search(step, len(tokens), role["beams"], role["maxTokens"], role["lengthPenalty"])
        return [self.tokenizer.decode(ids) for ids in found]


def recalls(scores: np.ndarray, right: np.ndarray) -> dict[str, float]:
    """`scores` [queries, items], `right` bool of the same shape: share of queries with a right item in the first k."""
    best_right = np.where(right, scores, -np.inf).max(1, keepdims=True)
    better = ((scores > best_right) & ~right).sum(1)
    return {f"r{k}": round(float((better < k).mean()), 4) for k in (1, 5, 10)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--pack", type=Path, default=REPOSITORY / "resources" / "models" / "starter")
    parser.add_argument("--metrics", type=Path, help="caption_metrics.py (default: tools/ beside the photos folder)")
    parser.add_argument("--dataset", default="flickr8k")
    parser.add_argument("--split", default="dev", help="use '' for all of a data set's captioned photos")
    parser.add_argument("--limit", type=int, help="score only the first photos")
    parser.add_argument("--captions", type=Path, help="where to write the captions (default: WORK/captions.jsonl)")
    parser.add_argument("--no-captions", action="store_true", help="retrieval only")
    arguments = parser.parse_args()
    pack = Pack(arguments.pack, arguments.threads)
    rows = [json.loads(line) for line in open(arguments.photos / "manifest.jsonl")]
    rows = [row for row in rows if row["dataset"] == arguments.dataset and row.get("captions")
            and (not arguments.split or row.get("split") == arguments.split)][:arguments.limit]
    size, batch = pack.roles["encode"]["imageSize"], pack.roles["encode"]["batch"]

    captions, embeddings, seeing, writing = [], [], 0.0, 0.0
    for start in range(0, len(rows), batch):
        squares = []
        for row in rows[start:start + batch]:
            with Image.open(arguments.photos / row["file"]) as image:
                squares.append(np.asarray(image.convert("RGB").resize((size, size), Image.BILINEAR)))
        began = time.time()
        tokens, embedding = pack.see(np.stack(squares))
        seen = time.time()
        embeddings.append(embedding)
        if not arguments.no_captions:
            captions += pack.caption(tokens)
        seeing, writing = seeing + seen - began, writing + time.time() - seen

    pictures = np.concatenate(embeddings)
    texts = np.stack([pack.read(caption) for row in rows for caption in row["captions"]])
    owner = np.array([number for number, row in enumerate(rows) for _ in row["captions"]])
    scores = texts @ pictures.T
    right = owner[:, None] == np.arange(len(rows))[None]
    result = {"photos": len(rows), "text_to_image": recalls(scores, right), "image_to_text": recalls(scores.T, right.T),
              "vision_per_second": round(len(rows) / seeing, 1)}
    if captions:
        path = arguments.captions or arguments.work / "captions.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "w") as out:
            for row, caption in zip(rows, captions):
                out.write(json.dumps({"file": row["file"], "caption": caption}) + "\n")
        metrics = arguments.metrics or arguments.photos.parent / "tools" / "caption_metrics.py"
        command = [sys.executable, str(metrics), "--captions", str(path), "--references",
                   str(arguments.photos / "manifest.jsonl"), "--dataset", arguments.dataset]
        scored = subprocess.run(command + (["--split", arguments.split] if arguments.split else []),
                                capture_output=True, text=True, check=True)
        result |= {"captions": json.loads(scored.stdout), "captions_per_second": round(len(rows) / (seeing + writing), 1)}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
