#!/usr/bin/env python3
"""Step 12: score an exported pack on photos it never saw, through onnxruntime, the way the app uses it; or, with
--torch, the networks in the work folder in PyTorch, before anything was rounded.

Prints one JSON object, and writes it to --figures: caption metrics (BLEU, CIDEr-D, content precision against shuffled pairs; by the script that
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
import torch
from PIL import Image
from tokenizers import Tokenizer

from checkpoints import load_captioner, load_embedder, load_encoder, load_mining, load_text_encoder
from common import REPOSITORY, add_common_arguments, prepare
from decoding import beam_search
from export_words import load_words
from exported import Decoder, Prefix, Text, Vision
from guide import WordGuide
from language import PAD, UNKNOWN, clean


class Pack:
    """An exported pack, run as its manifest says."""

    def __init__(self, folder: Path, threads: int):
        self.roles = json.loads((folder / "manifest.json").read_text())["roles"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads

        def session(name: str) -> onnxruntime.InferenceSession:
            return onnxruntime.InferenceSession(str(folder / name), options, providers=["CPUExecutionProvider"])

        encode, caption, guide = self.roles["encode"], self.roles["caption"], self.roles["caption"]["guide"]
        self.vision, self.text = session(encode["vision"]), session(encode["text"])
        self.prefix, self.decoder = session(caption["prefix"]), session(caption["decoder"])
        self.words = session(guide["words"])
        self.tokenizer = Tokenizer.from_file(str(folder / encode["tokenizer"]))
        self.guide = WordGuide(folder / guide["vocabulary"], folder / guide["forms"], guide["notFirst"],
                               self.tokenizer)

    def see(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """uint8 [N, S, S, 3] -> tokens [N, 49, D], embedding [N, 256], need [N, 49]."""
        return self.vision.run(["tokens", "embedding", "need"], {"pixels": pixels})

    def embed(self, ids: np.ndarray) -> np.ndarray:
        return self.text.run(["embedding"], {"ids": ids})[0]

    def read(self, text: str) -> np.ndarray:
        """A text's unit vector [256]."""
        ids = self.tokenizer.encode(clean(text)).ids[:self.roles["encode"]["maxTokens"]] or [UNKNOWN]
        return self.embed(np.array([ids], np.int64))[0]

    def presence(self, tokens: np.ndarray) -> np.ndarray:
        """Tokens [N, 49, D] -> probabilities of the words [N, W]."""
        return self.words.run(["presence"], {"tokens": tokens})[0]

    def cross(self, tokens: np.ndarray, kept: np.ndarray) -> np.ndarray:
        return self.prefix.run(["cross"], {"tokens": tokens, "kept": kept})[0]

    def step(self, **inputs: np.ndarray) -> list[np.ndarray]:
        return self.decoder.run(["present", "top_scores", "top_ids"], inputs)

    def caption(self, tokens: np.ndarray, pictures: np.ndarray, need: np.ndarray) -> list[str]:
        """Captions from the tokens that each picture keeps, as the app chooses them (`kept-tokens.ts`)."""
        counts = self.roles["caption"]["tokenCounts"]
        needed = (need > 0.5).sum(1)
        of_each = np.array([next((most for most in counts if most >= count), counts[-1]) for count in needed])
        captions = [""] * len(tokens)
        for count in sorted(set(of_each.tolist())):
            rows = np.flatnonzero(of_each == count)
            kept = np.sort(np.argsort(-need[rows], 1, kind="stable")[:, :count], 1)
            for row, text in zip(rows, self.write(tokens[rows], pictures[rows], kept)):
                captions[row] = text
        return captions

    def write(self, tokens: np.ndarray, pictures: np.ndarray, kept: np.ndarray) -> list[str]:
        """Captions led by the pictures' words: of the finished those that score best, as the app chooses: by their
        log-probability, the pictures' vectors and their words."""
        role = self.roles["caption"]
        guide, guides = role["guide"], [self.guide.of(row) for row in self.presence(tokens)]
        cross = self.cross(tokens, kept)
        empty = np.zeros((len(tokens), role["layers"], 2, 0, role["width"]), np.float32)

        def step(ids, position, beam, past, photo):
            return self.step(ids=ids, position=position, beam=beam, cross=cross, photo=photo,
                             past=empty if past is None else past)

        found = beam_search(step, len(tokens), role["beams"], role["maxTokens"], role["lengthPenalty"],
                            lambda ids, photo, ends: guide["search"] * guides[photo](ids, ends))
        fit, written = role["fit"], []
        for finished, picture, count in zip(found, pictures, guides):
            rows = [ids[:fit["maxTokens"]] or [UNKNOWN] for _, ids in finished]
            padded = np.array([row + [PAD] * (max(map(len, rows)) - len(row)) for row in rows], np.int64)
            rank = (np.array([score + guide["rank"] * count(ids, True) for score, ids in finished])
                    + fit["weight"] * (self.embed(padded) @ picture))
            written.append(self.tokenizer.decode(finished[int(rank.argmax())][1]))
        return written


class TorchPack(Pack):
    """The networks before export, with the settings of the exported pack."""

    def __init__(self, folder: Path, work: Path, config: dict):
        self.roles = json.loads((folder / "manifest.json").read_text())["roles"]
        captioner = load_captioner(work, config)
        self.vision = Vision(load_encoder(work, config), load_mining(work, config), load_embedder(work, config),
                             captioner).eval()
        self.text, self.prefix = Text(load_text_encoder(work, config)).eval(), Prefix(captioner).eval()
        self.decoder = Decoder(captioner).eval()
        self.words = load_words(work / "words.pt")[0]
        self.tokenizer = Tokenizer.from_file(str(folder / self.roles["encode"]["tokenizer"]))
        guide = self.roles["caption"]["guide"]
        self.guide = WordGuide(folder / guide["vocabulary"], folder / guide["forms"], guide["notFirst"],
                               self.tokenizer)

    @torch.inference_mode()
    def run(self, module: torch.nn.Module, **inputs: np.ndarray) -> list[np.ndarray]:
        found = module(**{name: torch.from_numpy(value) for name, value in inputs.items()})
        return [part.numpy() for part in (found if isinstance(found, tuple) else (found,))]

    def see(self, pixels: np.ndarray) -> list[np.ndarray]:
        return self.run(self.vision, pixels=pixels)

    def embed(self, ids: np.ndarray) -> np.ndarray:
        return self.run(self.text, ids=ids)[0]

    def presence(self, tokens: np.ndarray) -> np.ndarray:
        return self.run(self.words, tokens=tokens)[0]

    def cross(self, tokens: np.ndarray, kept: np.ndarray) -> np.ndarray:
        return self.run(self.prefix, tokens=tokens, kept=kept)[0]

    def step(self, **inputs: np.ndarray) -> list[np.ndarray]:
        return self.run(self.decoder, **inputs)


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
    parser.add_argument("--torch", action="store_true", help="PyTorch instead of onnxruntime")
    parser.add_argument("--figures", type=Path, help="file for the figures, for example training/figures/starter.json")
    parser.add_argument("--no-captions", action="store_true", help="retrieval only")
    arguments = parser.parse_args()
    config = prepare(arguments)
    pack = (TorchPack(arguments.pack, arguments.work, config) if arguments.torch
            else Pack(arguments.pack, arguments.threads))
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
        tokens, embedding, need = pack.see(np.stack(squares))
        seen = time.time()
        embeddings.append(embedding)
        if not arguments.no_captions:
            captions += pack.caption(tokens, embedding, need)
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
    if arguments.figures:
        arguments.figures.parent.mkdir(parents=True, exist_ok=True)
        arguments.figures.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
