"""Captions held against the words that are seen on a picture, as the app does it (`src/main/models/starter/word-guide.ts`:
decoding guided by a classifier; Yang and Klein 2021, "FUDGE")."""
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from language import UNKNOWN, clean
from words import Vocabulary

INDIFFERENT, WORST, REPEATED, NOTHING, BACKWARDS = -1.0, -5.0, 1.0, 2.0, 2.0

Guide = Callable[[list[int], bool], float]


def word_forms(vocabulary: Vocabulary) -> dict[str, list[str]]:
    """Each form and phrase with the words it says, for the pack's forms.json; those that say none have an empty list."""
    forms = {form: sorted(vocabulary.words[number].name for number in numbers)
             for form, numbers in vocabulary.by_form.items()}
    return dict(sorted((forms | {phrase: [] for phrase in vocabulary.silent}).items()))


@dataclass
class Place:
    next: dict[int, "Place"] = field(default_factory=dict)
    says: list[int] | None = None
    begun: list[tuple[int, float]] = field(default_factory=list)


class WordGuide:
    """`vocabulary` and `forms`: the pack's files; `not_first`: words that captions had better not begin with."""

    def __init__(self, vocabulary: Path, forms: Path, not_first: list[str], tokenizer: Tokenizer):
        entries = json.loads(vocabulary.read_text())
        number = {entry["word"]: at for at, entry in enumerate(entries)}
        self.broader = [{number[name] for name in entry["broader"]} for entry in entries]
        self.is_thing = [entry["kind"] == "thing" for entry in entries]
        self.begins = [not (tokenizer.id_to_token(piece) or "").startswith("##")
                       for piece in range(tokenizer.get_vocab_size())]
        self.not_first = [tokenizer.encode(word).ids for word in not_first]
        self.root = Place()
        for form, names in json.loads(forms.read_text()).items():
            pieces = tokenizer.encode(clean(form)).ids
            if pieces and UNKNOWN not in pieces:
                self.add(pieces, [number[name] for name in names])

    def add(self, pieces: list[int], says: list[int]) -> None:
        at, single = self.root, not any(self.begins[piece] for piece in pieces[1:])
        for index, piece in enumerate(pieces):
            if index > 0 and single:
                at.begun += [(word, index / len(pieces)) for word in says]
            at = at.next.setdefault(piece, Place())
        at.says = says

    def of(self, presence: np.ndarray) -> Guide:
        """`presence` [W], probabilities of one picture -> what a caption's words count."""
        counts = np.maximum(np.log(np.maximum(presence, 1e-6)) - INDIFFERENT, WORST).tolist()
        return lambda caption, ended: self.count(caption, ended, counts)

    def count(self, caption: list[int], ended: bool, counts: list[float]) -> float:
        said: list[int] = []
        value, start = -BACKWARDS if any(self.begins_with(caption, first) for first in self.not_first) else 0.0, 0
        while start < len(caption):
            says, end, last = self.longest(caption, start)
            if says is not None:
                if says and all(self.is_thing[word] and word in said for word in says):
                    value -= REPEATED
                said += [word for word in says if word not in said]
            elif last and not ended and end == len(caption):
                value += max([0.0, *(share * counts[word] for word, share in last.begun)])
            start = end
        if ended and not any(self.is_thing[word] for word in said):
            value -= NOTHING
        return value + math.fsum(counts[word] for word in said if not any(word in self.broader[other] for other in said))

    def begins_with(self, caption: list[int], pieces: list[int]) -> bool:
        after = len(pieces)
        return caption[:after] == pieces and (len(caption) == after or self.begins[caption[after]])

    def longest(self, caption: list[int], start: int) -> tuple[list[int] | None, int, Place | None]:
        """What is said from a word's start on, to where, and how far forms go along where the caption ends there."""
        end = start + 1
        while end < len(caption) and not self.begins[caption[end]]:
            end += 1
        at, says, last = self.root, None, None
        for index in range(start, len(caption)):
            at = at.next.get(caption[index])
            if at is None:
                break
            after = index + 1
            if after == len(caption):
                last = at
            if at.says is not None and (after == len(caption) or self.begins[caption[after]]):
                says, end = at.says, after
        return says, end, last
