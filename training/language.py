"""Captions as text: cleaning, the tokenizer, content words, and captions for photos that only have a label."""
import collections
import json
import re
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

PAD, BOS, EOS, UNKNOWN = range(4)
SPECIAL_TOKENS = ["<pad>", "<bos>", "<eos>", "<unk>"]
STOP_WORDS = set("a an the of on in at to and is are with his her its their in into by for from as up down out over "
                 "while it he she they there that this some two one other another near next be being has have who "
                 "which through them him off along around behind front s t".split())
HELD_BACK_EVERY = 20

LABEL_CAPTIONS = {
    "buildings": ["buildings in a city", "tall buildings against the sky", "a large building"],
    "forest": ["a forest of tall trees", "trees in a forest", "a path through the woods"],
    "glacier": ["a glacier of ice and snow", "ice and snow between mountains", "a snowy icy landscape"],
    "mountain": ["a mountain under the sky", "a view of mountains", "a rocky mountain peak"],
    "sea": ["the sea under a wide sky", "ocean waves near the shore", "a view of the sea"],
    "street": ["a street in a town", "a city street with buildings on both sides", "a narrow street"],
    "kitchen": ["a kitchen with cabinets", "a modern kitchen", "a kitchen in a house"],
    "bathroom": ["a bathroom with a sink", "a clean bathroom", "a bathroom in a house"],
    "bedroom": ["a bedroom with a bed", "a bed in a bedroom", "a tidy bedroom"],
    "house exterior": ["a house seen from the outside", "the front of a house with a garden", "a large house"],
    "dandelion": ["a dandelion", "yellow dandelion flowers in the grass"],
    "tulips": ["tulips", "colorful tulip flowers in a garden"],
    "daisy": ["a daisy", "a white daisy flower"],
    "sunflowers": ["a sunflower", "yellow sunflowers in a field"],
    "roses": ["a rose", "rose flowers in a garden"],
    "dog": ["a dog", "a close up of a dog"],
    "cat": ["a cat", "a close up of a cat"],
    "pants": ["a pair of pants"], "shoes": ["a pair of shoes"], "shorts": ["a pair of shorts"],
}


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def clean(caption: str) -> str:
    """Lower case, letters and digits only."""
    return " ".join(words(caption))


def is_held_back(row: dict, number: int) -> bool:
    """Flickr8k train photos on which checkpoints are chosen (`number`: the photo's place in photos.jsonl)."""
    return row["dataset"] == "flickr8k" and row["split"] == "train" and number % HELD_BACK_EVERY == 0


def may_train(row: dict, number: int) -> bool:
    """Neither Flickr8k's dev split, nor held back, nor the captioned COCO photos (a second unseen set)."""
    if row["dataset"] == "flickr8k":
        return row["split"] == "train" and not is_held_back(row, number)
    return not row["captions"]


def captions_of(row: dict) -> list[str]:
    """A photo's human captions, or simple ones made from its label."""
    if row["captions"]:
        return [clean(caption) for caption in row["captions"]]
    label = (row["labels"] or [None])[0]
    if label is None or len(row["labels"]) > 1:
        return []
    return LABEL_CAPTIONS.get(label) or [clean(f"a {label}")]


def content_words(rows: list[dict], count: int) -> list[str]:
    """The words that appear in most Flickr8k train photos' captions."""
    seen = collections.Counter()
    for number, row in enumerate(rows):
        if row["dataset"] == "flickr8k" and may_train(row, number):
            seen.update({word for caption in row["captions"] for word in words(caption)} - STOP_WORDS)
    return [word for word, _ in seen.most_common(count)]


def train_tokenizer(texts: list[str], pieces: int, path: Path) -> Tokenizer:
    """Trains a lower-casing WordPiece tokenizer (Wu et al. 2016) and writes tokenizer.json."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="<unk>", max_input_chars_per_word=40))
    tokenizer.normalizer = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=True,
                                                      lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##", cleanup=True)
    trainer = trainers.WordPieceTrainer(vocab_size=pieces, special_tokens=SPECIAL_TOKENS, show_progress=False,
                                        initial_alphabet=list("abcdefghijklmnopqrstuvwxyz0123456789.,'!?-"))
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.save(str(path))
    return tokenizer


def load_tokenizer(work: Path) -> Tokenizer:
    return Tokenizer.from_file(str(work / "tokenizer.json"))


def story_texts(stories: Path, limit: int) -> list[str]:
    """Plain story texts, so that the tokenizer also knows words that no caption uses."""
    path = stories / "tinystories.jsonl"
    if not path.exists():
        return []
    rows = [json.loads(line) for line in open(path)]
    return [row["text"] for row in rows[:limit]]
