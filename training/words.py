"""The words of the word pyramid: which a caption, a label or a painted scene says, and where a scene's stand."""
import collections
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

WORDS_FILE = Path(__file__).resolve().parent / "words.txt"
GRID = 7
LONGEST = 4

# What is to be seen at the places of the sketch painter, and what its hours and weathers are called.
PLACE_WORDS = {
    "meadow": "field grass outdoors", "park": "park grass outdoors", "beach": "beach sand sea water outdoors",
    "snow": "snow outdoors", "street": "street building city outdoors", "forest": "forest tree outdoors",
    "playground": "playground outdoors", "mountains": "mountain outdoors", "lake": "lake water outdoors",
    "city": "city building outdoors", "stadium": "stadium crowd outdoors", "river": "river water outdoors",
    "farm": "farm outdoors", "garden": "garden flower outdoors", "jungle": "jungle tree outdoors",
    "road": "road outdoors", "kitchen": "kitchen indoors", "village": "village house outdoors",
    "savanna": "savanna grass outdoors", "underwater": "underwater water", "sea": "sea water outdoors",
    "bedroom": "bedroom indoors", "living-room": "living room indoors", "sky": "sky outdoors",
    "desert": "desert sand outdoors", "classroom": "classroom indoors", "throne-room": "throne room indoors",
    "stage": "stage", "space": "space", "moon": "moon space", "shop": "shop indoors", "cave": "cave",
    "bridge": "bridge outdoors", "library": "library indoors",
}
# Things that the painter's places show by themselves: where they are no figure, nothing is said about them.
SCENERY = set("tree flower house building plant rock fence furniture table bed couch chair mushroom castle clothes boat "
              "window door sign light stairs carpet lamp cloud sun star crowd person people".split())
TIME_WORDS = {"dawn": "sunrise", "day": "", "dusk": "sunset", "night": "night"}
WEATHER_WORDS = {"rain": "rain", "storm": "storm", "fog": "fog", "snow": "snowfall", "wind": "wind"}


@dataclass
class Word:
    name: str
    kind: str
    layers: str
    broader: list[str] = field(default_factory=list)
    forms: set[str] = field(default_factory=set)


def plurals(noun: str) -> set[str]:
    if noun.endswith("man"):
        return {noun[:-3] + "men"}
    if noun.endswith("y") and noun[-2:-1] not in set("aeiou"):
        return {noun[:-1] + "ies"}
    return {noun + "s", noun + "es"}


def verb_forms(name: str) -> set[str]:
    """All of `running`, `run`, `runs`, `jumped`, for a phrase whose first word ends in -ing."""
    first, _, rest = name.partition(" ")
    if not first.endswith("ing"):
        return set()
    stem = first[:-3]
    stems = {stem, stem + "e"} | ({stem[:-1]} if len(stem) > 2 and stem[-1] == stem[-2] else set())
    endings = {form + ending for form in stems for ending in ("", "s", "es", "ing")}
    endings |= {stem + "ed"}
    return {f"{form} {rest}".strip() for form in endings}


class Vocabulary:
    """The words of words.txt, in its order, and how text is read with them."""

    def __init__(self, path: Path = WORDS_FILE):
        self.words: list[Word] = []
        self.silent: set[str] = set()
        kind = layers = ""
        for line in path.read_text().splitlines():
            if line.startswith("#") or not line.strip():
                continue
            if line.startswith("["):
                kind, layers = line.strip("[]").split()
                continue
            left, _, right = line.partition(" : ")
            name, *broader = (part.strip() for part in left.split(" < "))
            forms = {form.strip() for form in right.split(",") if form.strip()}
            if kind == "none":
                self.silent.add(name)
                continue
            word = Word(name, kind, layers, [one for part in broader for one in part.split(", ")], {name} | forms)
            for form in [name, *forms]:
                if kind in ("thing", "place"):
                    word.forms |= plurals(form)
                elif kind == "action":
                    word.forms |= verb_forms(form)
            self.words.append(word)
        self.index = {word.name: number for number, word in enumerate(self.words)}
        assert len(self.index) == len(self.words), [name for name, n in collections.Counter(
            word.name for word in self.words).items() if n > 1]
        by_form: dict[str, set[int]] = collections.defaultdict(set)
        for number, word in enumerate(self.words):
            for form in word.forms:
                by_form[form].add(number)
        self.by_form = dict(by_form)
        self.broader = [self.above(number) for number in range(len(self.words))]

    def __len__(self) -> int:
        return len(self.words)

    def above(self, number: int) -> set[int]:
        """All that is broader than a word."""
        found: set[int] = set()
        for name in self.words[number].broader:
            found |= {self.index[name]} | self.above(self.index[name])
        return found

    def read(self, text: str) -> set[int]:
        """The words a text says, and those broader. The longest phrase wins: a `hot air balloon` is no `balloon`."""
        tokens = re.findall(r"[a-z0-9]+", text.lower())
        found: set[int] = set()
        at = 0
        while at < len(tokens):
            for length in range(min(LONGEST, len(tokens) - at), 0, -1):
                phrase = " ".join(tokens[at:at + length])
                if phrase in self.silent or phrase in self.by_form:
                    found |= self.by_form.get(phrase, set())
                    break
            at += length
        return found | {above for number in found for above in self.broader[number]}

    def presence(self, captions: list[str]) -> np.ndarray:
        """bool [W]: what any of the captions says."""
        out = np.zeros(len(self), bool)
        for caption in captions:
            out[list(self.read(caption))] = True
        return out

    def figure_words(self, name: str) -> set[int]:
        """The words of a painted figure's name; its colour, which it may have without being called so, is left out."""
        return {number for number in self.read(name) if self.words[number].kind in ("thing", "action")}

    def place_words(self, row: dict) -> set[int]:
        """The setting of a painted scene, in words."""
        found: set[int] = set()
        for names in (PLACE_WORDS.get(row["place"], ""), TIME_WORDS.get(row["time"], ""),
                      WEATHER_WORDS.get(row["weather"], "")):
            found |= self.read(names)
        return found

    def scene(self, row: dict) -> tuple[np.ndarray, np.ndarray]:
        """A painted scene: presence bool [W] and cells bool [7, 7, W], the latter for its figures."""
        presence, cells = np.zeros(len(self), bool), np.zeros((GRID, GRID, len(self)), bool)
        presence[list(self.place_words(row))] = True
        people = 0
        for figure in row["figures"]:
            numbers = self.figure_words(figure["name"])
            people += self.index["person"] in numbers
            presence[list(numbers)] = True
            cells[covered(figure)[:, :, None] & np.isin(np.arange(len(self)), list(numbers))] = True
        if people > 1:
            presence[self.index["people"]] = True
        return presence, cells


def covered(figure: dict) -> np.ndarray:
    """bool [7, 7]: the cells a third of which lies in a figure's box, or that hold a third of the box."""
    edges = np.arange(GRID + 1) / GRID

    def shares(start: float, length: float) -> np.ndarray:
        overlap = np.minimum(edges[1:], start + length) - np.maximum(edges[:-1], start)
        return np.maximum(overlap, 0) / max(min(length, 1 / GRID), 1e-6)

    return np.outer(shares(figure["y"], figure["h"]), shares(figure["x"], figure["w"])) > 0.33
