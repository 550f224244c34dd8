#!/usr/bin/env python3
"""Step 3: train the tokenizer on Flickr8k's train captions, the descriptions of painted scenes where there are any,
the labels of the labelled sets, and plain stories (so that words no caption uses still get whole pieces).
Writes tokenizer.json."""
import argparse
from pathlib import Path

from common import add_common_arguments, load_photo_rows, prepare
from language import captions_of, may_train, story_texts, train_tokenizer
from scenes import load_scenes, scene_captions

CAPTION_REPEATS = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--stories", type=Path, help="folder with tinystories.jsonl (default: stories beside the photos folder)")
    arguments = parser.parse_args()
    config = prepare(arguments)
    rows = load_photo_rows(arguments.work)
    captions = [caption for number, row in enumerate(rows) if may_train(row, number) for caption in captions_of(row)]
    scenes = load_scenes(arguments.work)
    if scenes:
        captions += [caption for row in scenes.rows for caption in scene_captions(row)]
    stories = story_texts(arguments.stories or arguments.photos.parent / "stories", limit=3000)
    texts = captions * CAPTION_REPEATS + stories
    tokenizer = train_tokenizer(texts, config["tokenizer"]["pieces"], arguments.work / "tokenizer.json")
    lengths = sorted(len(tokenizer.encode(caption).ids) for caption in captions)
    print(f"pieces {tokenizer.get_vocab_size()}, captions {len(captions)}, tokens a caption: "
          f"median {lengths[len(lengths) // 2]}, 99 % {lengths[len(lengths) * 99 // 100]}")


if __name__ == "__main__":
    main()
