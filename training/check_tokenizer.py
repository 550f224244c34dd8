#!/usr/bin/env python3
"""Writes texts with their ids and decoded form, for `node training/check-tokenizer.mjs` to compare: 200 dev captions as
people wrote them, and some hard texts."""
import argparse
import json
from pathlib import Path

from common import REPOSITORY, add_common_arguments, load_photo_rows
from language import load_tokenizer

HARD = ["Zoë's café, at 10:30!", "  two   spaces\tand\nlines ", "t-shirt", "ünïcödé", "日本の犬", "a 🐶 dog", "", "…", "<eos>",
        "ALL CAPS", "don't", "supercalifragilisticexpialidocious" * 3]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--out", type=Path, default=REPOSITORY / "training" / "work" / "tokenizer-cases.json")
    arguments = parser.parse_args()
    rows = [row for row in load_photo_rows(arguments.work) if row["dataset"] == "flickr8k" and row["split"] == "dev"]
    tokenizer = load_tokenizer(arguments.work)
    cases = []
    for text in [row["captions"][0] for row in rows[:200]] + HARD:
        ids = tokenizer.encode(text).ids
        cases.append({"text": text, "ids": ids, "decoded": tokenizer.decode(ids)})
    arguments.out.write_text(json.dumps(cases, ensure_ascii=False))
    print(f"{len(cases)} texts in {arguments.out.name}")


if __name__ == "__main__":
    main()
