"""The two language tasks: captioning, and matching captions with pictures in one space."""
import math
import random

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor, nn

from checkpoints import build_captioner, build_embedder, build_text_encoder
from language import BOS, EOS, PAD, STOP_WORDS


SHORT_SHARE = 0.15


class LanguageTasks(nn.Module):
    def __init__(self, config: dict):
        super().__init__()
        self.captioner = build_captioner(config)
        self.embedder = build_embedder(config)
        self.text_encoder = build_text_encoder(config)
        self.log_scale = nn.Parameter(torch.tensor(math.log(10.0)))
        self.label_smoothing = config["caption"]["label_smoothing"]

    def caption_loss(self, tokens: Tensor, ids: Tensor, label_smoothing: float | None = None,
                     share: Tensor | None = None) -> Tensor:
        """`tokens` [N, 49, D]; `ids` [N, C, T]: C captions a picture with <bos> and <eos>, padded with 0; `share`
        [N, 49]: which tokens are kept."""
        cross = self.captioner.prefix(tokens, share=share).repeat_interleave(ids.shape[1], 0)
        if share is not None:
            share = share.repeat_interleave(ids.shape[1], 0)
        ids = ids.flatten(0, 1)
        hidden = self.captioner(cross, ids[:, :-1], share)
        wanted = ids[:, 1:]
        keep = wanted != PAD
        smoothing = self.label_smoothing if label_smoothing is None else label_smoothing
        return F.cross_entropy(self.captioner.logits(hidden[keep]), wanted[keep], label_smoothing=smoothing)

    def match_loss(self, tokens: Tensor, ids: Tensor) -> Tensor:
        """Symmetric InfoNCE (Radford et al. 2021); rows with the same text are not each other's negatives.
        `ids` [N, T] padded with 0."""
        pictures, texts = self.embedder(tokens), self.text_encoder(ids)
        scores = self.log_scale.clamp(max=math.log(60.0)).exp() * pictures @ texts.T
        same = (ids[:, None] == ids[None]).all(-1) & ~torch.eye(len(ids), dtype=torch.bool, device=ids.device)
        scores = scores.masked_fill(same, -1e4)
        target = torch.arange(len(ids), device=ids.device)
        return (F.cross_entropy(scores, target) + F.cross_entropy(scores.T, target)) / 2


class CaptionIds:
    """Every caption's token ids, made once."""

    def __init__(self, captions: list[list[str]], tokenizer: Tokenizer, max_tokens: int):
        self.captions, self.tokenizer = captions, tokenizer
        self.ids = [[tokenizer.encode(caption).ids[:max_tokens] for caption in of_one] for of_one in captions]

    def sample(self, number: int, count: int) -> list[list[int]]:
        own = self.ids[number]
        return random.sample(own, count) if len(own) >= count else random.choices(own, k=count)

    def for_captioner(self, numbers: np.ndarray, count: int) -> Tensor:
        """[N, count, T] with <bos> and <eos>."""
        chosen = [self.sample(number, count) for number in numbers]
        longest = max(len(ids) for of_one in chosen for ids in of_one) + 2
        out = torch.zeros(len(numbers), count, longest, dtype=torch.long)
        for row, of_one in enumerate(chosen):
            for column, ids in enumerate(of_one):
                out[row, column, :len(ids) + 2] = torch.tensor([BOS, *ids, EOS])
        return out

    def for_text_encoder(self, numbers: np.ndarray) -> Tensor:
        """[N, T]: one caption each, without <bos> and <eos>; some cut down to a few words, as people type them."""
        return pad_rows([self.short_query(number) if random.random() < SHORT_SHARE else self.sample(number, 1)[0]
                         for number in numbers])

    def short_query(self, number: int) -> list[int]:
        caption = random.choice(self.captions[number])
        content = [word for word in caption.split() if word not in STOP_WORDS] or caption.split()
        start = random.randrange(len(content))
        return self.tokenizer.encode(" ".join(content[start:start + random.randint(1, 3)])).ids


def pad_rows(rows: list[list[int]]) -> Tensor:
    out = torch.zeros(len(rows), max(len(row) for row in rows), dtype=torch.long)
    for number, row in enumerate(rows):
        out[number, :len(row)] = torch.tensor(row)
    return out
