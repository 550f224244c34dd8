#!/usr/bin/env python3
"""Step 16: train the maps that join the writer with pictures. The writer stays frozen, with the weights as they are
stored in its pack.

  --part see       image tokens -> visual positions: captions and story sentences are predicted behind a picture
  --part states    the writer's states over captions, scenes and stories, with pictures among them, kept as arrays
  --part retrieve  states -> a vector near the image embedding of the picture told of (InfoNCE, van den Oord et al. 2018)
  --part paint     states -> place, time, weather, figures and where they stand

`see` and `states` need the image tokens (cache_tokens.py), `retrieve` the image embedder too (train_text.py); `paint`
reads scenes (training/world/make.ts --words) and stories (training/world/stories.ts). Checkpoints: joint-see.pt,
joint-retrieve.pt, joint-paint.pt.
"""
import argparse
import collections
import json
import math
import random
import re
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor, nn

from cached import Cached, load_cached_tokens
from checkpoints import load_embedder
from common import add_common_arguments, prepare
from export_writer import as_stored
from joint import RANK, VISUAL_POSITIONS, WORDS, Reader, See, in_context, read_along, seen_states
from language import STOP_WORDS, clean
from muon import Muon
from writer import Writer
from writer_text import BOS, EOP, PICTURE, PICTURE_END, plain

TIMES = ["dawn", "day", "dusk", "night"]
WEATHERS = ["clear", "cloudy", "rain", "snow", "fog", "storm", "wind"]
MOST_FIGURES, FEWEST_SEEN = 200, 12
LONGEST_CAPTION = 40


def load_writer(folder: Path, config: dict) -> tuple[Writer, Tokenizer]:
    tokenizer = Tokenizer.from_file(str(folder / "writer-tokenizer.json"))
    writer = Writer(tokenizer.get_vocab_size(), config)
    writer.load_state_dict(torch.load(folder / "writer.pt", weights_only=True, map_location="cpu")["writer"])
    return as_stored(writer.eval(), False).requires_grad_(False), tokenizer


class Pieces:
    def __init__(self, tokenizer: Tokenizer):
        self.tokenizer, self.known = tokenizer, {}

    def __call__(self, text: str) -> list[int]:
        """Ids of a text as a panel has it, with the space before it."""
        text = plain(text)
        if text not in self.known:
            self.known[text] = self.tokenizer.encode(" " + text).ids if text else []
        return self.known[text]


def sentence(caption: str) -> str:
    """A caption as a person writes it into a panel."""
    bare = re.sub(r"\s+([.,!?'])", r"\1", caption.strip()).rstrip(" .")
    return bare[:1].upper() + bare[1:] + "."


HE, SHE, THEY = (set(words.split()) for words in (
    "man boy guy gentleman player skateboarder biker surfer cyclist king prince farmer wizard knight pirate old-man",
    "woman girl lady queen princess witch lady",
    "men boys women girls people children kids dogs players two three four several some group couple many"))


def without_name(caption: str) -> str | None:
    """'a black dog runs on the beach' -> 'it runs on the beach'; None where no verb is found near the beginning."""
    words = clean(caption).split()
    for at, word in enumerate(words[1:9], 1):
        verb = word in ("is", "are", "in", "on") or (at >= 2 and (word.endswith("ing") or re.fullmatch(r"[a-z]{2,}[^s']s", word)))
        if verb and not set(words[:at]) & {"in", "on", "at", "by"} and len(words) - at >= 3:
            named = set(words[:at])
            pronoun = "they" if named & THEY else "he" if named & HE else "she" if named & SHE else "it"
            return f"{pronoun} {'' if word in ('is', 'are') or not word.endswith('ing') else 'is '}{' '.join(words[at:])}"
    return None


# see

def see_batch(rows: list[tuple[list[int], list[int]]]) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Rows of (ids before the picture, ids behind it) -> ids, positions, targets, mask, visual positions."""
    longest = max(len(before) + len(after) for before, after in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    targets = torch.full((len(rows), longest), -100)
    positions = torch.zeros(len(rows), longest, dtype=torch.long)
    sees = torch.zeros(len(rows), longest, dtype=torch.bool)
    visual = torch.zeros(len(rows), VISUAL_POSITIONS, dtype=torch.long)
    for number, (before, after) in enumerate(rows):
        count, start = len(before) + len(after), len(before)
        ids[number, :count] = torch.tensor(before + after)
        positions[number] = torch.arange(longest) + (torch.arange(longest) >= start) * VISUAL_POSITIONS
        sees[number, start:] = True
        targets[number, start:count - 1] = ids[number, start + 1:count]
        if after[:2] == [PICTURE, PICTURE_END]:  # whether a picture is put into words is not the writer's choice
            targets[number, start] = -100
        visual[number] = start + torch.arange(VISUAL_POSITIONS)
    causal = torch.ones(longest, longest, dtype=torch.bool).tril().expand(len(rows), -1, -1)
    return ids, positions, targets, torch.cat([sees[:, :, None].expand(-1, -1, VISUAL_POSITIONS), causal], 2), visual


def see_loss(writer: Writer, see: See, tokens: Tensor, batch: tuple[Tensor, ...]) -> Tensor:
    ids, positions, targets, mask, visual = batch
    hidden, _ = read_along(writer, ids, positions, mask, see(tokens), visual)
    kept = targets.flatten() >= 0
    return F.cross_entropy(writer.logits(hidden.flatten(0, 1)[kept]), targets.flatten()[kept], label_smoothing=0.05)


def near_sentences(folder: Path, cached: Cached) -> dict[int, list[str]]:
    """Story sentences that say nearly what a caption of the picture says, by picture."""
    owner = {caption: number for number in cached.numbers("train", "photo") for caption in cached.captions[number]}
    found: dict[int, list[str]] = collections.defaultdict(list)
    for line, caption in json.loads((folder / "writer-captions.json").read_text()).items():
        if caption in owner:
            found[owner[caption]].append(line)
    return found


def caption_words(captions: list[list[str]]) -> list[str]:
    seen = collections.Counter(word for row in captions for caption in row for word in caption.split())
    return [word for word, _ in seen.most_common(2 * WORDS) if word not in STOP_WORDS and len(word) > 1][:WORDS]


@torch.inference_mode()
def word_table(writer: Writer, pieces: Pieces, captions: list[list[str]], words: list[str]) -> Tensor:
    """What the writer's layers make of the words in captions, on average: [WORDS + 1, L * 2 * W], keys normed and not
    turned; the last row is the average of all."""
    place = {word: at for at, word in enumerate(words)}
    lines = [row[number % len(row)] for number, row in enumerate(captions)]
    sums, counts = torch.zeros(len(words) + 1, len(writer.layers), 2, writer.embedding.weight.shape[1]), torch.zeros(len(words) + 1)
    for start in range(0, len(lines), 64):
        rows, spots = [], []
        for number, line in enumerate(lines[start:start + 64]):
            row = [BOS, PICTURE]
            for word in line.split():
                row += pieces(word)
                spots.append((number, len(row) - 1, place.get(word, len(words))))
            rows.append(row)
        longest = max(map(len, rows))
        ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
        angles = writer.angles(torch.arange(longest))
        still = (torch.ones_like(angles[0]), torch.zeros_like(angles[1]))
        causal, x, made = torch.ones(longest, longest, dtype=torch.bool).tril(), writer.embed(ids), []
        for layer in writer.layers:
            made.append(torch.stack([part.transpose(1, 2).flatten(2) for part in layer.project(x, still)[1:]], 2))
            x = layer(x, angles, causal)
        found = torch.stack(made, 2)  # [N, T, L, 2, W]
        where = torch.tensor(spots)
        sums.index_add_(0, where[:, 2], found[where[:, 0], where[:, 1]])
        counts.index_add_(0, where[:, 2], torch.ones(len(where)))
    return (sums / counts.clamp(min=1)[:, None, None, None]).flatten(1)


def put_table(see: See, table: Tensor) -> None:
    """The best approximation of the table by the two factors, and the mean."""
    mean = table.mean(0)
    left, sizes, right = torch.linalg.svd(table - mean, full_matrices=False)
    kept = (sizes[:RANK].square().sum() / sizes.square().sum()).item()
    root = sizes[:RANK].sqrt()
    with torch.no_grad():
        see.table.weight.copy_((left[:, :RANK] * root).T)
        see.leave.weight.copy_((root[:, None] * right[:RANK]).T)
        see.leave.bias.copy_(mean)
    print(f"table: {kept:.3f} of the variance kept")


def train_words(see: See, cached: Cached, words: list[str], numbers: np.ndarray, held: np.ndarray, minutes: float,
                batch: int) -> None:
    """Each word of a picture's captions is to be weighed by one of its positions at least."""
    place = {word: at for at, word in enumerate(words)}
    targets = torch.zeros(len(cached.kinds), WORDS, dtype=torch.float16)
    for number in [*numbers, *held]:
        for caption in cached.captions[number]:
            for word in {word for word in caption.split() if word in place}:
                targets[number, place[word]] += 1 / len(cached.captions[number])

    def loss_of(part: np.ndarray, flips: np.ndarray) -> Tensor:
        weights = see.weights(cached.batch(part, flips))[..., :WORDS].clamp(max=1 - 1e-6)
        none = torch.log1p(-weights).sum(1)
        wanted = targets[part].float().sqrt()
        return -(wanted * torch.log(-torch.expm1(none) + 1e-6) + (1 - wanted) * none).sum(1).mean()

    matrices = [p for name, p in see.named_parameters() if p.ndim == 2 and name.split(".")[0] in ("enter", "key_value", "out", "inner", "outer", "words")]
    others = [p for name, p in see.named_parameters() if name in ("places", "asks") or name.endswith("bias")]
    used = [Muon(matrices, 0.02, weight_decay=0.05), torch.optim.AdamW(others, 0.01, weight_decay=0.0)]
    start, step, shown = time.time(), 0, math.nan
    while (progress := (time.time() - start) / (60 * minutes)) < 1:
        for optimizer, rate in zip(used, (0.02, 0.01)):
            for group in optimizer.param_groups:
                group["lr"] = rate * min(1, (step + 1) / 20) * (0.03 + 0.97 * (1 + math.cos(math.pi * progress)) / 2)
        part = np.random.choice(numbers, batch, replace=False)
        loss = loss_of(part, np.array([np.random.randint(2) if cached.kinds[n] == "photo" else 0 for n in part]))
        for optimizer in used:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(see.parameters(), 5.0)
        for optimizer in used:
            optimizer.step()
        step += 1
        shown = loss.item() if math.isnan(shown) else 0.98 * shown + 0.02 * loss.item()
        if step % 100 == 0 or step == 20:
            with torch.inference_mode():
                of_held = loss_of(held, np.zeros(len(held), int)).item()
                first = see.weights(cached.batch(held[:3], np.zeros(3, int)))[..., :WORDS].amax(1).topk(6).indices
            print(f"words: step {step}  {progress * minutes:.1f} min  train {shown:.3f}  held back {of_held:.3f}  "
                  + "; ".join(" ".join(words[at] for at in row) for row in first), flush=True)


def align(see: See, old: np.ndarray, new: np.ndarray) -> None:
    """Puts the least-squares map from new image tokens to those `see` was trained on before its first layer."""
    rows = np.linspace(0, len(old) - 1, 1500).astype(int)
    x = np.asarray(new[rows, 0], np.float32).reshape(-1, new.shape[-1])
    y = np.asarray(old[rows, 0], np.float32).reshape(-1, old.shape[-1])
    x = np.concatenate([x, np.ones((len(x), 1), np.float32)], 1)
    gram = x.T @ x
    found = np.linalg.solve(gram + 1e-3 * np.trace(gram) / len(gram) * np.eye(len(gram), dtype=np.float32), x.T @ y)
    print(f"align: {1 - ((x @ found - y) ** 2).mean() / y.var():.3f} of the variance explained")
    with torch.no_grad():
        weight, offset = torch.from_numpy(found[:-1].T.copy()), torch.from_numpy(found[-1])
        see.enter.bias += see.enter.weight @ offset
        see.enter.weight.copy_(see.enter.weight @ weight)


def train_see(arguments: argparse.Namespace, config: dict) -> None:
    writer, tokenizer = load_writer(arguments.writer, config["writer"])
    pieces, cached, chance = Pieces(tokenizer), load_cached_tokens(arguments.work), random.Random(arguments.seed)
    see = See(config["writer"]["layers"], config["writer"]["heads"], config["writer"]["width"] // config["writer"]["heads"])
    path = arguments.out / "joint-see.pt"
    photos, scenes = cached.numbers("train", "photo"), cached.numbers("train", "scene")
    held = cached.numbers("held_back", "photo")[:200]
    captions = [cached.captions[number] for number in [*photos, *scenes]]
    words = caption_words(captions)
    if arguments.start:
        see.load_state_dict(torch.load(arguments.start, weights_only=True))
    else:
        put_table(see, word_table(writer, pieces, captions, words))
    if arguments.align:
        align(see, np.load(arguments.align, mmap_mode="r"), cached.arrays[0])
    if arguments.word_minutes > 0:
        train_words(see, cached, words, np.concatenate([photos, scenes]), held, arguments.word_minutes, 96)
        torch.save(see.state_dict(), path)
    matrices = [p for name, p in see.named_parameters() if p.ndim == 2 and name not in ("asks", "places")]
    others = [p for name, p in see.named_parameters() if p.ndim != 2 or name in ("asks", "places")]
    used = [Muon(matrices, arguments.rate, weight_decay=0.05), torch.optim.AdamW(others, arguments.rate / 2, weight_decay=0.0)]
    near = near_sentences(arguments.writer, cached)

    def told(number: int) -> tuple[list[int], list[int]]:
        caption = chance.choice(cached.captions[number])
        roll = chance.random()
        if roll < 0.15 and near.get(number):
            return [BOS], [PICTURE, PICTURE_END, *pieces(chance.choice(near[number])), EOP]
        if roll < 0.25:
            return [BOS], [PICTURE, PICTURE_END, *pieces(sentence(caption)), EOP]
        return [BOS], [PICTURE, *pieces(caption)[:LONGEST_CAPTION], PICTURE_END]

    def checked(numbers: np.ndarray) -> float:
        total = 0.0
        with torch.inference_mode():
            for start in range(0, len(numbers), 50):
                part = numbers[start:start + 50]
                rows = [([BOS], [PICTURE, *pieces(cached.captions[n][0])[:LONGEST_CAPTION], PICTURE_END]) for n in part]
                total += see_loss(writer, see, cached.batch(part, np.zeros(len(part), int)), see_batch(rows)).item() * len(part)
        return total / len(numbers)

    start, step, shown = time.time(), 0, math.nan
    print(f"parameters {sum(p.numel() for p in see.parameters())}, held back {checked(held):.3f}", flush=True)
    while (progress := (time.time() - start) / (60 * arguments.minutes)) < 1:
        for optimizer, rate in zip(used, (arguments.rate, arguments.rate / 2)):
            for group in optimizer.param_groups:
                group["lr"] = rate * min(1, (step + 1) / 20) * (0.03 + 0.97 * (1 + math.cos(math.pi * progress)) / 2)
        of_scenes = step % 6 == 5
        numbers = np.random.choice(scenes if of_scenes else photos, arguments.batch, replace=False)
        tokens = cached.batch(numbers, np.random.randint(0, 1 if of_scenes else 2, len(numbers)))
        loss = see_loss(writer, see, tokens, see_batch([told(number) for number in numbers]))
        for optimizer in used:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(see.parameters(), 1.0)
        for optimizer in used:
            optimizer.step()
        step += 1
        shown = loss.item() if math.isnan(shown) else 0.97 * shown + 0.03 * loss.item()
        if step in (5, 20, 50) or step % 100 == 0:
            print(f"step {step}  {(time.time() - start) / 60:.1f} min  train {shown:.3f}", flush=True)
            torch.save(see.state_dict(), path)
    torch.save(see.state_dict(), path)
    print(f"step {step}: held back {checked(held):.3f}")


# states

@dataclass
class Panel:
    """One panel as it is laid out: a picture's number in the token cache or -1, ids, and what it tells of."""
    picture: int
    ids: list[int]
    tells: int


class States:
    """Rows of states one after the other: `values` f16 [sum, S], the panel of each position (-1: <bos>), where each row
    begins, and per row what each of its panels tells of (-1: nothing to be learned)."""

    def __init__(self, values: np.ndarray, panels: np.ndarray, starts: np.ndarray, tells: list[list[int]]):
        self.values, self.panels, self.starts, self.tells = values, panels, starts, tells

    def batch(self, examples: list[tuple[int, int, int]]) -> tuple[Tensor, Tensor, Tensor]:
        """Examples (row, first panel read, current panel) -> states [N, T, S], own and before [N, T]."""
        parts = []
        for row, first, current in examples:
            span = slice(self.starts[row], self.starts[row + 1])
            panels = self.panels[span]
            kept = (panels >= first) & (panels <= current)
            parts.append((self.values[span][kept], panels[kept] == current))
        longest = max(len(panels) for _, panels in parts)
        states = np.zeros((len(parts), longest, self.values.shape[1]), np.float32)
        own, before = np.zeros((len(parts), longest), np.float32), np.zeros((len(parts), longest), np.float32)
        for number, (values, current) in enumerate(parts):
            states[number, :len(values)] = values
            own[number, :len(values)], before[number, :len(values)] = current, ~current
        return torch.from_numpy(states), torch.from_numpy(own), torch.from_numpy(before)


def run_states(writer: Writer, see: See, cached: Cached, rows: list[list[Panel]], flips: random.Random) -> States:
    """Reads every row with the writer, in batches of like length."""
    def laid_out(panels: list[Panel]) -> tuple[list[int], list[int], list[int], list[tuple[int, int, int]]]:
        ids, positions, owners, pictures, at = [BOS], [0], [-1], [], 1
        for number, panel in enumerate(panels):
            if panel.picture >= 0:
                pictures.append((panel.picture, at, number))
                at += VISUAL_POSITIONS
            part = [*([PICTURE, PICTURE_END] if panel.picture >= 0 else []), *panel.ids, EOP]
            ids, owners = ids + part, owners + [number] * len(part)
            positions += range(at, at + len(part))
            at += len(part)
        return ids, positions, owners, pictures

    plans = [laid_out(row) for row in rows]
    order = sorted(range(len(rows)), key=lambda n: (len(plans[n][3]), len(plans[n][0])))
    found: list[tuple[np.ndarray, np.ndarray] | None] = [None] * len(rows)
    start = 0
    while start < len(order):
        many = len(plans[order[start]][3])
        part = [n for n in order[start:start + 48] if len(plans[n][3]) == many]
        start += len(part)
        longest = max(len(plans[n][0]) for n in part)
        ids, positions = torch.zeros(len(part), longest, dtype=torch.long), torch.zeros(len(part), longest, dtype=torch.long)
        for place, n in enumerate(part):
            count = len(plans[n][0])
            ids[place, :count], positions[place, :count] = torch.tensor(plans[n][0]), torch.tensor(plans[n][1])
        causal = torch.ones(longest, longest, dtype=torch.bool).tril().expand(len(part), -1, -1)
        seen = at = None
        with torch.inference_mode():
            if many:
                numbers = np.array([picture for n in part for picture, _, _ in plans[n][3]])
                mirrored = np.array([flips.randrange(2) if cached.kinds[n] == "photo" else 0 for n in numbers])
                made = see(cached.batch(numbers, mirrored)).unflatten(0, (len(part), many))
                seen = made.permute(0, 2, 3, 4, 1, 5, 6).flatten(4, 5)
                at = torch.tensor([[first + k for _, first, _ in plans[n][3] for k in range(VISUAL_POSITIONS)] for n in part])
                causal = torch.cat([at[:, None, :] < positions[:, :, None], causal], 2)
            _, states = read_along(writer, ids, positions, causal, seen, at, True)
            visual = seen_states(seen).numpy().astype(np.float16) if many else None
        states = states.numpy().astype(np.float16)
        for place, n in enumerate(part):
            values, owners = states[place, :len(plans[n][0])], np.array(plans[n][2], np.int8)
            if many:
                values = np.concatenate([visual[place], values])
                owners = np.concatenate([np.repeat(np.array([o for _, _, o in plans[n][3]], np.int8), VISUAL_POSITIONS), owners])
            found[n] = (values, owners)
    starts = np.concatenate([[0], np.cumsum([len(values) for values, _ in found])])
    return States(np.concatenate([values for values, _ in found]), np.concatenate([owners for _, owners in found]), starts,
                  [[panel.tells for panel in row] for row in rows])


def photo_rows(cached: Cached, pieces: Pieces, numbers: np.ndarray, chance: random.Random, repeats: int,
               texts: list[str], alike: dict[int, list[int]], plainly: bool = False) -> list[list[Panel]]:
    """Panels that tell of photos: captions as they are and as sentences, after captions of the same photo, after other
    photos and stories, and ones that only say `it`, after a photo or a caption that shows who is meant."""
    rows = []
    for number in numbers:
        for turn in range(repeats):
            captions = chance.sample(cached.captions[number], len(cached.captions[number]))
            if plainly:
                rows.append([Panel(-1, pieces(caption), number) for caption in captions])
                continue
            row: list[Panel] = []
            if turn == 2 and chance.random() < 0.5:
                continue
            if turn == 2:
                other = chance.choice(alike[number])
                short = [text for text in map(without_name, captions) if text]
                if not short:
                    continue
                shown = chance.random()
                row.append(Panel(other if shown < 0.7 else -1,
                                 [] if shown < 0.35 else pieces(chance.choice(cached.captions[other])), -1))
                text = chance.choice(short)
                row.append(Panel(-1, pieces(text if chance.random() < 0.4 else sentence(text)), number))
                rows.append(row)
                continue
            if chance.random() < 0.3:
                if chance.random() < 0.5:
                    row.append(Panel(-1, pieces(chance.choice(texts)), -1))
                else:
                    other = int(chance.choice(numbers))
                    seen = chance.random() < 0.5
                    row.append(Panel(other if seen else -1, pieces(sentence(cached.captions[other][0])), -1))
            for caption in (captions[:3] if turn == 0 else captions[3:] + captions[:1]):
                text = caption if chance.random() < 0.4 else sentence(caption)
                row.append(Panel(-1, pieces(text), number))
            rows.append(row)
    return rows


@dataclass
class SceneVocabulary:
    """What the painter's condition can say. `named`: a word for each figure, the one most often used for it."""
    places: list[str]
    figures: list[str]
    named: list[str]

    def sizes(self) -> list[int]:
        return [len(self.places), len(TIMES), len(WEATHERS), len(self.figures), 3 * len(self.figures)]


class Scenes:
    """Scenes as targets. -1 stands for a place, time or weather that is not told."""

    def __init__(self) -> None:
        self.rows: list[dict] = []

    def add(self, row: dict) -> int:
        self.rows.append(row)
        return len(self.rows) - 1

    def targets(self, numbers: list[int], vocabulary: SceneVocabulary) -> tuple[Tensor, ...]:
        place_of = {name: at for at, name in enumerate(vocabulary.places)}
        figure_of = {name: at for at, name in enumerate(vocabulary.figures)}
        setting = torch.full((len(numbers), 3), -1)
        figures, where = torch.zeros(len(numbers), len(figure_of)), torch.zeros(len(numbers), len(figure_of), 3)
        for n, number in enumerate(numbers):
            row = self.rows[number]
            setting[n] = torch.tensor([place_of.get(row["place"], -1), TIMES.index(row["time"]), WEATHERS.index(row["weather"])])
            for figure in row["figures"]:
                at = figure_of.get(figure["icon"])
                if at is not None:
                    figures[n, at] = 1
                    where[n, at] = torch.tensor([figure["x"] + figure["w"] / 2, figure["y"] + figure["h"], figure["h"]]).clamp(0, 1)
        return setting, figures, where


PRONOUNS = ["It was fun.", "It moved a little.", "Then it stopped.", "They looked around.", "Nobody else was there.",
            "It was so nice!", "What a surprise!", "They stayed there for a while.", "Then something happened.",
            "He smiled.", "She laughed.", "They were happy.", "\"Look!\" they said.", "They waited and waited.",
            "It was quiet now.", "Everyone was happy.", "And so it went on.", "He did not know what to do.",
            "She thought about it.", "They all wanted to help."]


def scene_rows(painted: list[dict], stories: list[dict], cached: Cached, seen: np.ndarray, pieces: Pieces,
               chance: random.Random, scenes: Scenes) -> list[list[Panel]]:
    """Panels that tell of scenes: their descriptions, stories as the sketch painter reads them, and panels that name
    nothing, which go on showing what was told or seen before."""
    rows = []
    for scene in painted:
        number, row = scenes.add(scene), []
        captions = chance.sample(scene["captions"], min(len(scene["captions"]), chance.choice((1, 1, 2))))
        for caption in captions:
            row.append(Panel(-1, pieces(clean(caption) if chance.random() < 0.3 else sentence(caption)), number))
        if chance.random() < 0.4:
            row.append(Panel(-1, pieces(chance.choice(PRONOUNS)), number))
        rows.append(row)
    for story in stories:
        row, last = [], None
        for panel in story["panels"]:
            if not panel["figures"] and panel["place"] is None:
                number = -1 if last is None else scenes.add({**panel, "figures": last["figures"], "place": last["place"]})
            else:
                number, last = scenes.add(panel), panel
            row.append(Panel(-1, pieces(panel["text"])[:60], number))
            if last and chance.random() < 0.3:
                row.append(Panel(-1, pieces(chance.choice(PRONOUNS)), scenes.add(last)))
        rows.append(row[:6])
    for picture, scene in zip(seen, [row for row in painted if row.get("picture") is not None]):
        number = scenes.add(scene)
        rows.append([Panel(int(picture), pieces(chance.choice(PRONOUNS)) if chance.random() < 0.5 else [], number),
                     *([Panel(-1, pieces(chance.choice(PRONOUNS)), number)] if chance.random() < 0.5 else [])])
    return rows


def save_states(path: Path, states: States, extra: object) -> None:
    np.savez(path, values=states.values, panels=states.panels, starts=states.starts)
    path.with_suffix(".json").write_text(json.dumps({"tells": [[int(told) for told in row] for row in states.tells], "extra": extra}))


def load_states(path: Path) -> tuple[States, object]:
    arrays, kept = np.load(path), json.loads(path.with_suffix(".json").read_text())
    return States(arrays["values"], arrays["panels"], arrays["starts"], kept["tells"]), kept["extra"]


def embed_pictures(arguments: argparse.Namespace, everything: dict, cached: Cached, numbers: np.ndarray) -> Tensor:
    """[numbers, 2, 256]: plain and mirrored."""
    embedder = load_embedder(arguments.work, everything)
    with torch.inference_mode():
        return torch.stack([torch.cat([embedder(cached.batch(numbers[i:i + 200], np.full(len(numbers[i:i + 200]), flip)))
                                       for i in range(0, len(numbers), 200)]) for flip in (0, 1)], 1)


def alike_photos(cached: Cached, numbers: np.ndarray, among: np.ndarray) -> dict[int, list[int]]:
    """For each picture the three others whose captions share most of what is telling in its own."""
    def words_of(number: int) -> set[str]:
        return {word for caption in cached.captions[number] for word in caption.split()[:4]}
    seen = collections.Counter(word for number in among for word in words_of(number))
    common = [word for word, _ in seen.most_common(1500)]
    place = {word: at for at, word in enumerate(common)}

    def table(rows: np.ndarray) -> Tensor:
        out = torch.zeros(len(rows), len(common))
        for n, number in enumerate(rows):
            for word in words_of(number):
                if word in place:
                    out[n, place[word]] = math.log(len(among) / seen[word])
        return F.normalize(out, dim=1)

    others, found = table(among), {}
    for start in range(0, len(numbers), 500):
        part = numbers[start:start + 500]
        for number, row in zip(part, (table(part) @ others.T).topk(4, 1).indices.tolist()):
            found[int(number)] = [int(among[at]) for at in row if among[at] != number][:3]
    return found


def scene_rows_of(work: Path, cached: Cached, words: list[dict]) -> tuple[list[dict], list[dict]]:
    """The painted scenes whose tokens are cached, with icons, each with its number in the cache: train and held back."""
    icon_of: dict[str, collections.Counter] = collections.defaultdict(collections.Counter)
    for row in words:
        for figure in row["figures"]:
            icon_of[figure["name"]][figure["icon"]] += 1
    rows = [json.loads(line) for line in open(work / "scenes.jsonl")]
    training = [n for n in range(len(rows)) if n % 20]
    parts = []
    for part, numbers in (("train", training), ("held_back", [n for n in range(len(rows)) if n % 20 == 0])):
        kept = []
        for picture, number in zip(cached.numbers(part, "scene"), numbers):
            figures = [{**f, "icon": f.get("icon") or (icon_of[f["name"]].most_common(1)[0][0] if f["name"] in icon_of else "")}
                       for f in rows[number]["figures"]]
            kept.append({**rows[number], "figures": figures, "picture": int(picture)})
        parts.append(kept)
    return parts[0], parts[1]


def scene_vocabulary(rows: list[dict]) -> SceneVocabulary:
    figures, places, names = collections.Counter(), collections.Counter(), collections.defaultdict(collections.Counter)
    for row in rows:
        places.update([row["place"]] if row["place"] else [])
        for figure in row["figures"]:
            if figure["icon"]:
                figures[figure["icon"]] += 1
                names[figure["icon"]][figure["name"].lower()] += 1
    kept = [icon for icon, count in figures.most_common(MOST_FIGURES) if count >= FEWEST_SEEN]
    return SceneVocabulary(sorted(places), kept, [names[icon].most_common(1)[0][0] for icon in kept])


def make_states(arguments: argparse.Namespace, config: dict) -> None:
    writer, tokenizer = load_writer(arguments.writer, config["writer"])
    pieces, cached, chance = Pieces(tokenizer), load_cached_tokens(arguments.work), random.Random(arguments.seed)
    see = See(config["writer"]["layers"], config["writer"]["heads"], config["writer"]["width"] // config["writer"]["heads"])
    see.load_state_dict(torch.load(arguments.out / "joint-see.pt", weights_only=True))
    words = [json.loads(line) for line in open(arguments.scenes)]
    stories = [json.loads(line) for line in open(arguments.told)]
    started = time.time()
    if "photos" in arguments.kinds or "held" in arguments.kinds:
        texts = [panel["text"] for story in stories for panel in story["panels"]]
        train, held = cached.numbers("train", "photo"), cached.numbers("held_back", "photo")
        train = train[:arguments.photos_read]
        for name, numbers, repeats, plainly in (("held", held, 1, True), ("train", train, arguments.repeats, False)):
            if name == "train" and "photos" not in arguments.kinds:
                continue
            rows = photo_rows(cached, pieces, numbers, chance, repeats, texts, {} if plainly else alike_photos(cached, numbers, train), plainly)
            states = run_states(writer, see, cached, rows, chance)
            save_states(arguments.out / f"joint-photos-{name}.npz", states, [int(n) for n in numbers])
            print(f"photos {name}: {len(rows)} rows, {len(states.values)} positions, {time.time() - started:.0f} s", flush=True)
    if "scenes" in arguments.kinds:
        drawn, drawn_held = scene_rows_of(arguments.work, cached, words)
        told_train, told_held = stories[len(stories) // 20:], stories[:len(stories) // 20]
        vocabulary = scene_vocabulary([*words, *(panel for story in told_train for panel in story["panels"])])
        (arguments.out / "joint-scene.json").write_text(json.dumps(vars(vocabulary)))
        for name, painted, seen, told in (("train", words[600:], drawn, told_train[:arguments.stories]), ("held", words[:600], drawn_held, told_held)):
            scenes = Scenes()
            rows = scene_rows([*painted, *seen], told, cached, np.array([row["picture"] for row in seen]), pieces, chance, scenes)
            states = run_states(writer, see, cached, rows, chance)
            save_states(arguments.out / f"joint-scenes-{name}.npz", states, scenes.rows)
            print(f"scenes {name}: {len(rows)} rows, {len(states.values)} positions, {time.time() - started:.0f} s", flush=True)


def examples_of(states: States) -> list[tuple[int, int]]:
    """(row, panel) of every panel that tells of something."""
    return [(row, panel) for row, tells in enumerate(states.tells) for panel, told in enumerate(tells) if told >= 0]


def rank_of(vectors: Tensor, pictures: Tensor, right: Tensor) -> Tensor:
    scores = vectors @ pictures.T
    return (scores > scores.gather(1, right[:, None])).sum(1)


def train_retrieve(arguments: argparse.Namespace, everything: dict) -> None:
    cached, chance = load_cached_tokens(arguments.work), random.Random(arguments.seed)
    states, numbers = load_states(arguments.out / "joint-photos-train.npz")
    held, held_numbers = load_states(arguments.out / "joint-photos-held.npz")
    pictures = embed_pictures(arguments, everything, cached, np.array(numbers))
    held_pictures = embed_pictures(arguments, everything, cached, np.array(held_numbers))[:, 0]
    place, held_place = ({number: at for at, number in enumerate(rows)} for rows in (numbers, held_numbers))
    reader, scale = Reader(pictures.shape[-1]), nn.Parameter(torch.tensor(3.0))
    if arguments.start:
        reader.load_state_dict(torch.load(arguments.start, weights_only=True))
    matrices = [p for p in reader.parameters() if p.ndim == 2]
    others = [p for p in reader.parameters() if p.ndim != 2]
    used = [Muon(matrices, arguments.rate, weight_decay=0.1), torch.optim.AdamW([*others, scale], arguments.rate, weight_decay=0.0)]
    examples = examples_of(states)
    @torch.inference_mode()
    def checked() -> dict[str, list[float]]:
        reader.eval()
        vectors = panel_vectors(reader, held)
        owners = torch.tensor([held_place[tells[0]] for tells in held.tells])
        asked = {"one": torch.stack([of_row[-1] for of_row in vectors]), "five": torch.stack([in_context(of_row) for of_row in vectors])}
        ranks = {name: rank_of(rows, held_pictures, owners) for name, rows in asked.items()}
        out = {name: [round(float((rank < k).float().mean()), 4) for k in (1, 10)] for name, rank in ranks.items()}
        reader.train()
        return out

    start, step, shown, best, path = time.time(), 0, math.nan, -1.0, arguments.out / "joint-retrieve.pt"
    print(f"parameters {sum(p.numel() for p in reader.parameters())}, examples {len(examples)}", flush=True)
    checked_at = start
    while True:
        progress = (time.time() - start) / (60 * arguments.minutes)
        if progress >= 1 or time.time() - checked_at > 100:
            found, checked_at = checked(), time.time()
            print(f"step {step}  {progress * arguments.minutes:.1f} min  train {shown:.3f}  held back {found}", flush=True)
            good = found["one"][1] + found["five"][1]
            if good > best:
                best = good
                torch.save(reader.state_dict(), path)
        if progress >= 1:
            break
        for optimizer in used:
            for group in optimizer.param_groups:
                group["lr"] = arguments.rate * min(1, (step + 1) / 20) * (0.03 + 0.97 * (1 + math.cos(math.pi * progress)) / 2)
        part = [(row, panel, panel) for row, panel in chance.sample(examples, arguments.batch)]
        read, own, before = states.batch(part)
        read = read * (torch.rand(read.shape[:2])[..., None] > 0.2)
        vectors = F.normalize(reader(read, own, before), dim=-1)
        owners = torch.tensor([place[states.tells[row][panel]] for row, _, panel in part])
        known = pictures[torch.arange(len(pictures)), torch.randint(0, 2, (len(pictures),))]
        loss = F.cross_entropy(scale.exp().clamp(max=100) * vectors @ known.T, owners, label_smoothing=0.05)
        for optimizer in used:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
        for optimizer in used:
            optimizer.step()
        step += 1
        shown = loss.item() if math.isnan(shown) else 0.97 * shown + 0.03 * loss.item()


@torch.inference_mode()
def panel_vectors(reader: Reader, states: States) -> list[Tensor]:
    """For each row the vectors of its panels [P, 256]."""
    examples = [(row, panel, panel) for row, tells in enumerate(states.tells) for panel in range(len(tells))]
    vectors = torch.cat([F.normalize(reader(*states.batch(examples[i:i + 200])), dim=-1) for i in range(0, len(examples), 200)])
    return list(vectors.split([len(tells) for tells in states.tells]))


def paint_loss(out: Tensor, targets: tuple[Tensor, ...], sizes: list[int]) -> Tensor:
    setting, figures, where = targets
    place, time_, weather, named, stands = out.split(sizes, 1)
    loss = F.binary_cross_entropy_with_logits(named, figures, reduction="sum") / len(out)
    for logits, wanted in zip((place, time_, weather), setting.T):
        if bool((wanted >= 0).any()):
            loss = loss + F.cross_entropy(logits, wanted, ignore_index=-1)
    off = (stands.unflatten(1, (-1, 3)).sigmoid() - where).abs().sum(-1) * figures
    return loss + 2 * off.sum() / len(out)


def train_paint(arguments: argparse.Namespace, everything: dict) -> None:
    chance = random.Random(arguments.seed)
    (states, rows), (held, held_rows) = (load_states(arguments.out / f"joint-scenes-{name}.npz") for name in ("train", "held"))
    vocabulary = SceneVocabulary(**json.loads((arguments.out / "joint-scene.json").read_text()))
    sizes, scenes, held_scenes = vocabulary.sizes(), Scenes(), Scenes()
    scenes.rows, held_scenes.rows = rows, held_rows
    reader = Reader(sum(sizes))
    with torch.no_grad():
        reader.outer.weight *= 0.1
        reader.outer.bias[sum(sizes[:3]):sum(sizes[:4])] = -5.0
    matrices = [p for p in reader.parameters() if p.ndim == 2]
    others = [p for p in reader.parameters() if p.ndim != 2]
    used = [Muon(matrices, arguments.rate, weight_decay=0.05), torch.optim.AdamW(others, arguments.rate, weight_decay=0.0)]
    examples, held_examples = examples_of(states), examples_of(held)
    chance.shuffle(held_examples)
    held_examples = held_examples[:1200]

    @torch.inference_mode()
    def checked() -> str:
        out = []
        for i in range(0, len(held_examples), 200):
            part = held_examples[i:i + 200]
            out.append(reader(*held.batch([(row, 0, panel) for row, panel in part])))
        setting, figures, where = held_scenes.targets([held.tells[row][panel] for row, panel in held_examples], vocabulary)
        place, time_, weather, named, stands = torch.cat(out).split(sizes, 1)
        said = named.sigmoid() > 0.4
        right = (said & (figures > 0)).sum()
        shares = [float((logits.argmax(1) == wanted)[wanted >= 0].float().mean()) for logits, wanted in zip((place, time_, weather), setting.T)]
        stood = (stands.unflatten(1, (-1, 3)).sigmoid() - where).abs()[figures > 0].mean(0)
        return (f"place {shares[0]:.3f} time {shares[1]:.3f} weather {shares[2]:.3f} figures: found {right / figures.sum():.3f}, "
                f"right {right / said.sum().clamp(min=1):.3f}, off {[round(float(v), 3) for v in stood]}")

    start, step, shown, path = time.time(), 0, math.nan, arguments.out / "joint-paint.pt"
    print(f"parameters {sum(p.numel() for p in reader.parameters())}, examples {len(examples)}, {len(vocabulary.figures)} figures, "
          f"{len(vocabulary.places)} places", flush=True)
    checked_at = start
    while True:
        progress = (time.time() - start) / (60 * arguments.minutes)
        if progress >= 1 or time.time() - checked_at > 60:
            print(f"step {step}  {progress * arguments.minutes:.1f} min  train {shown:.3f}  {checked()}", flush=True)
            checked_at = time.time()
            torch.save(reader.state_dict(), path)
        if progress >= 1:
            break
        for optimizer in used:
            for group in optimizer.param_groups:
                group["lr"] = arguments.rate * min(1, (step + 1) / 20) * (0.03 + 0.97 * (1 + math.cos(math.pi * progress)) / 2)
        part = [(row, max(0, panel - 4) if chance.random() < 0.8 else panel, panel) for row, panel in chance.sample(examples, arguments.batch)]
        read, own, before = states.batch(part)
        out = reader(read * (torch.rand(read.shape[:2])[..., None] > 0.05), own, before)
        loss = paint_loss(out, scenes.targets([states.tells[row][panel] for row, _, panel in part], vocabulary), sizes)
        for optimizer in used:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(reader.parameters(), 5.0)
        for optimizer in used:
            optimizer.step()
        step += 1
        shown = loss.item() if math.isnan(shown) else 0.97 * shown + 0.03 * loss.item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--part", choices=("see", "states", "retrieve", "paint"), required=True)
    parser.add_argument("--writer", type=Path, help="folder with writer.pt, its tokenizer and captions (default: --work)")
    parser.add_argument("--out", type=Path, help="folder for the checkpoints (default: --work)")
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--word-minutes", type=float, default=3, help="see: for choosing words, at the beginning")
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--rate", type=float, default=0.004)
    parser.add_argument("--start", type=Path, help="see, retrieve: go on from this checkpoint")
    parser.add_argument("--align", type=Path, help="see: the tokens.npy that the checkpoint was trained on, if others now")
    parser.add_argument("--scenes", type=Path, help="states: scenes.jsonl of training/world/make.ts --words")
    parser.add_argument("--told", type=Path, help="states: what training/world/stories.ts wrote")
    parser.add_argument("--kinds", default="photos,scenes", help="states: what to read; held: the held-back photos alone")
    parser.add_argument("--repeats", type=int, default=3, help="states: rows a photo")
    parser.add_argument("--photos-read", type=int, default=100_000, help="states: photos that train")
    parser.add_argument("--stories", type=int, default=1500, help="states: stories that train")
    arguments = parser.parse_args()
    everything = prepare(arguments)
    arguments.writer, arguments.out = arguments.writer or arguments.work, arguments.out or arguments.work
    {"see": train_see, "states": make_states, "retrieve": train_retrieve, "paint": train_paint}[arguments.part](arguments, everything)


if __name__ == "__main__":
    main()
