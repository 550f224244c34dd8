"""The writer's texts: reading the collections, cleaning, cutting into panels, and packing into windows.

A story is laid out as the app lays out a storyboard:

  <bos> panel <eop> panel <eop> ... <eos>

and a panel is its text, after the caption of its picture where it has one: `<picture> caption </picture> text`. Every
text begins with a space, so that a word is the same piece wherever it stands. Captions are in lower case without
punctuation, as the starter pack gives them. Stories come without pictures: some of their panels get the Flickr8k train
caption nearest in meaning, or a sentence of their own reduced to a caption, so that the writer learns to heed captions;
no loss is taken on those.
"""
import dataclasses
import hashlib
import json
import random
import re
import unicodedata
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from language import STOP_WORDS, clean, is_held_back, may_train, words

PAD, BOS, EOS, EOP, PICTURE, PICTURE_END = range(6)
SPECIAL_TOKENS = ["<pad>", "<bos>", "<eos>", "<eop>", "<picture>", "</picture>"]
COLLECTIONS = ("stories", "pages", "prose", "captions")
HELD_BACK_PERCENT = 4
NEAR_CAPTION = 0.6
CAPTION_WORDS = 14
PLAIN = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u201c": '"', "\u201d": '"',
                       "\u201e": '"', "\u2026": "...", "\u00a0": " ", "\u2013": "-", "\u2212": "-", "_": "", "*": ""})
SENTENCE_END = re.compile(r"(?:[.!?]+[\"')]*|[.!?]*\")\s+(?=[\"'(]*[A-Z])")
ABBREVIATION = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|No)\.\s+$")


def plain(text: str) -> str:
    """Straight quotes, one space between words, no markup. The app does the same to what the writer reads."""
    return re.sub(r"[ \t]+", " ", unicodedata.normalize("NFC", text).translate(PLAIN)).strip()


def sentences(paragraph: str) -> list[str]:
    out, start = [], 0
    for end in SENTENCE_END.finditer(paragraph):
        part = paragraph[start:end.end()]
        if not ABBREVIATION.search(part):
            out.append(part.strip())
            start = end.end()
    return [part for part in [*out, paragraph[start:].strip()] if part]


def lower_opening(paragraph: str) -> str:
    """'ONCE upon a time' -> 'Once upon a time'."""
    return re.sub(r"^([\"']?)([A-Z])([A-Z]+)\b", lambda m: m[1] + m[2] + m[3].lower(), paragraph)


@dataclasses.dataclass
class Text:
    """One document: panels that are given (`fixed`), or paragraphs of sentences to be cut into panels."""
    collection: str
    parts: list[list[str]]
    fixed: bool
    held_back: bool
    weight: float = 1.0


def held_back(key: str) -> bool:
    return int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) % 100 < HELD_BACK_PERCENT


def read_jsonl(path: Path) -> list[dict]:
    return [json.loads(line) for line in open(path, encoding="utf-8")]


def read_texts(stories: Path, photo_rows: list[dict]) -> list[Text]:
    """Every document, each once. Flickr8k's dev and test photos, and what the captioner holds back, train nothing."""
    texts, seen = [], set()

    def add(text: Text, key: str) -> None:
        if key not in seen and text.parts:
            seen.add(key)
            texts.append(text)

    def paragraphs(text: str) -> list[list[str]]:
        parts = [sentences(lower_opening(plain(part))) for part in re.split(r"\n+", text)]
        return [part for part in parts if part]

    for row in read_jsonl(stories / "tinystories.jsonl"):
        parts = paragraphs(row["text"])
        add(Text("stories", parts, False, held_back(row["id"])), clean(row["text"])[:300])
    for row in read_jsonl(stories / "pages.jsonl"):
        if row["language"] == "en":
            parts = [sentences(plain(page.replace("\n", " "))) for page in row["pages"] if page.strip()]
            add(Text("pages", parts, True, held_back(row["story"])), clean(" ".join(row["pages"]))[:300])
    for row in read_jsonl(stories / "prose.jsonl"):
        parts = paragraphs(re.sub(r"(?<!\n)\n(?!\n)", " ", row["text"]))
        count = sum(map(len, parts))
        if count:
            weight = min(1.0, (14 / (row["words"] / count)) ** 2)  # long old-fashioned sentences count for less
            add(Text("prose", parts, False, held_back(row["id"]), weight), clean(row["text"])[:300])
    for number, row in enumerate(photo_rows):
        if row["dataset"] == "flickr8k" and (may_train(row, number) or is_held_back(row, number)):
            for caption in row["captions"]:
                add(Text("captions", [[clean(caption)]], True, is_held_back(row, number)), "caption " + clean(caption))
    return texts


def train_tokenizer(texts: list[Text], pieces: int, path: Path) -> None:
    """Byte-level BPE (Sennrich et al. 2016; bytes as in GPT-2). The marks are pieces no text can be cut into."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=pieces, special_tokens=SPECIAL_TOKENS, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    repeats = {"stories": 3, "pages": 3, "prose": 1, "captions": 1}
    tokenizer.train_from_iterator(
        (" " + sentence for text in texts if not text.held_back for _ in range(repeats[text.collection])
         for part in text.parts for sentence in part), trainer)
    saved = json.loads(tokenizer.to_str())
    saved["added_tokens"] = []
    path.write_text(json.dumps(saved, ensure_ascii=False))


def nearest_captions(texts: list[Text], captions: list[str]) -> dict[str, str]:
    """Sentences -> the caption with the largest cosine over inverse-document-frequency weights of content words."""
    lines = sorted({sentence for text in texts if text.collection != "captions" and not text.held_back
                    for part in text.parts for sentence in part if 4 <= len(sentence.split()) <= 24})
    rows = [set(words(caption)) - STOP_WORDS for caption in captions]
    counts: dict[str, int] = {}
    for row in rows:
        for word in row:
            counts[word] = counts.get(word, 0) + 1
    number = {word: index for index, word in enumerate(counts)}
    weight = torch.tensor([np.log(len(rows) / count) for count in counts.values()], dtype=torch.float32)

    def vectors(sets: list[set[str]]) -> torch.Tensor:
        pairs = [(index, number[word]) for index, row in enumerate(sets) for word in row if word in number]
        where = torch.tensor(pairs).T
        values = weight[where[1]]
        norms = torch.zeros(len(sets)).index_add_(0, where[0], values.square()).sqrt()
        return torch.sparse_coo_tensor(where, values / norms[where[0]], (len(sets), len(number))).coalesce()

    table, found = vectors(rows).to_sparse_csr(), {}
    for start in range(0, len(lines), 512):
        part = lines[start:start + 512]
        sets = [set(words(line)) - STOP_WORDS for line in part]
        if any(word in number for row in sets for word in row):
            best, index = (table @ vectors(sets).to_dense().T).max(0)
            for line, score, caption in zip(part, best.tolist(), index.tolist()):
                if score >= NEAR_CAPTION:
                    found[line] = captions[caption]
    return found


def reduce_to_caption(sentence: str) -> str | None:
    """A sentence without its names, in lower case and without punctuation; none for direct speech."""
    if '"' in sentence or not 4 <= len(sentence.split()) <= 24:
        return None
    parts = sentence.split()
    kept = [parts[0]] + [word for word in parts[1:] if not word[0].isupper()]
    return clean(" ".join(kept[:CAPTION_WORDS]))


class Encoded:
    """Documents as ids, cut into panels anew each time they are read."""

    def __init__(self, texts: list[Text], tokenizer: Tokenizer, near: dict[str, str], config: dict):
        self.config, self.texts = config, texts
        unique = {f" {sentence}" for text in texts for part in text.parts for sentence in part}
        unique |= {f" {caption}" for caption in near.values()}
        for text in texts:
            if text.collection != "captions":
                reduced = [reduce_to_caption(sentence) for part in text.parts for sentence in part]
                unique |= {f" {caption}" for caption in reduced if caption}
        lines = sorted(unique)
        encoded = tokenizer.encode_batch(lines)
        self.ids = {line: np.array(row.ids, np.int32) for line, row in zip(lines, encoded)}
        self.near = near

    def panels(self, text: Text, chance: random.Random) -> list[list[str]]:
        if text.fixed:
            return text.parts
        panels, longest = [], self.config["panel_words"]
        for part in text.parts:
            index = 0
            while index < len(part):
                count, taken = chance.choice((1, 1, 2, 2, 3, 4)), 0
                end = index
                while end < len(part) and end - index < count and (end == index or taken < longest):
                    taken += len(part[end].split())
                    end += 1
                panels.append(part[index:end])
                index = end
        joined = []
        for panel in panels:
            short = joined and sum(len(s.split()) for s in joined[-1] + panel) <= longest
            if short and chance.random() < 0.3:  # panels also run over the end of a paragraph
                joined[-1] = joined[-1] + panel
            else:
                joined.append(panel)
        return joined

    def caption_for(self, panel: list[str], chance: random.Random) -> str | None:
        near = [self.near[sentence] for sentence in panel if sentence in self.near]
        if near and chance.random() < 0.7:
            return chance.choice(near)
        reduced = [caption for caption in map(reduce_to_caption, panel) if caption]
        return chance.choice(reduced) if reduced else None

    def document(self, text: Text, chance: random.Random, pictures: float) -> tuple[np.ndarray, np.ndarray]:
        """Ids and, for each, whether it is to be learned. `pictures`: the share of story panels given a caption."""
        ids, learned = [np.array([BOS])], [np.zeros(1, bool)]

        def put(part: np.ndarray, learn: bool) -> None:
            ids.append(part)
            learned.append(np.full(len(part), learn))

        if text.collection == "captions":
            put(np.array([PICTURE]), False)
            put(self.ids[" " + text.parts[0][0]], True)
            put(np.array([PICTURE_END]), True)
            return np.concatenate(ids), np.concatenate(learned)
        share = pictures * chance.choice((0, 1, 2))
        for panel in self.panels(text, chance):
            if chance.random() < share and (caption := self.caption_for(panel, chance)):
                put(np.array([PICTURE]), False)
                put(self.ids[" " + caption], False)
                put(np.array([PICTURE_END]), False)
            for sentence in panel:
                put(self.ids[" " + sentence], True)
            put(np.array([EOP]), True)
        put(np.array([EOS]), True)
        return np.concatenate(ids), np.concatenate(learned)


class Windows:
    """An endless stream of training windows: collections by share, documents without repeats until all were read."""

    def __init__(self, encoded: Encoded, config: dict, seed: int):
        self.encoded, self.config, self.chance = encoded, config, random.Random(seed)
        self.texts = {name: [text for text in encoded.texts if text.collection == name and not text.held_back]
                      for name in COLLECTIONS}
        self.queues: dict[str, list[Text]] = {name: [] for name in COLLECTIONS}
        self.owed = dict.fromkeys(COLLECTIONS, 0.0)
        self.seen = dict.fromkeys(COLLECTIONS, 0)
        self.rows: list[tuple[np.ndarray, np.ndarray]] = []

    def next_text(self, name: str) -> Text:
        if not self.queues[name]:
            self.queues[name] = [text for text in self.texts[name] if self.chance.random() < text.weight]
            self.chance.shuffle(self.queues[name])
        return self.queues[name].pop()

    def fill(self) -> None:
        """Lays documents end to end until there are windows of one and a half batches, and shuffles those."""
        length = self.config["context"] + 1
        ids, learned = [], []
        total = 0
        while total < length * self.config["batch"] * 6:
            name = max(self.owed, key=lambda key: self.owed[key])
            part, learn = self.encoded.document(self.next_text(name), self.chance, self.config["pictures"])
            for key, share in self.config["shares"].items():
                self.owed[key] += share * len(part)
            self.owed[name] -= len(part)
            self.seen[name] += len(part)
            ids.append(part)
            learned.append(learn)
            total += len(part)
        flat, flags = np.concatenate(ids), np.concatenate(learned)
        count = len(flat) // length
        self.rows += list(zip(flat[:count * length].reshape(count, length),
                              flags[:count * length].reshape(count, length)))
        self.chance.shuffle(self.rows)

    def batch(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """`ids` [B, T], `targets` [B, T] (-100: not learned), `mask` bool [B, 1, T, T]."""
        if len(self.rows) < self.config["batch"]:
            self.fill()
        rows = [self.rows.pop() for _ in range(self.config["batch"])]
        ids = torch.from_numpy(np.stack([row[0] for row in rows]).astype(np.int64))
        learned = torch.from_numpy(np.stack([row[1] for row in rows]))
        return as_example(ids, learned)


def as_example(ids: torch.Tensor, learned: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Inputs, targets, and a mask by which tokens see earlier tokens of their own document only."""
    inputs, targets = ids[:, :-1], torch.where(learned[:, 1:], ids[:, 1:], -100)
    document = (inputs == BOS).cumsum(1)
    causal = torch.ones(inputs.shape[1], inputs.shape[1], dtype=torch.bool).tril()
    return inputs, targets, ((document[:, :, None] == document[:, None, :]) & causal)[:, None]
