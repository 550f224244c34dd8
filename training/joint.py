"""The maps that join the frozen writer with pictures (Koh et al. 2023, "Generating images with multimodal language
models"): `See` puts a picture before the writer's eyes, `Reader` reads out of the writer's states.

The writer stays as it is, byte for byte. A picture enters as keys and values of positions of its own (Li and Liang
2021, "Prefix-tuning"), put into the writer's `past` behind the mark <picture>. What the writer makes of a text is read
from its `present`: the values of its last layers, each a linear image of the hidden state at its position.

Shapes: N rows, T tokens, M visual positions a row, K visual positions a picture, L layers, H heads of D channels, F
figures of the scene vocabulary, S = LAYERS_READ * H * D.
"""
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from writer import Writer, rms_norm, rotate

VISUAL_POSITIONS = 10
WORDS, RANK = 800, 160
TOKENS, TOKEN_CHANNELS = 49, 256
LAYERS_READ = 2
READ_HEADS, READ_CHANNELS, ASK_CHANNELS, HIDDEN = 6, 64, 32, 320


class See(nn.Module):
    """Image tokens [N, 49, 256] -> keys and values [N, L, 2, H, K, D] as the writer's layers make them of words; keys
    are normed and not yet turned to their positions.

    Each position weighs WORDS words of captions (and none) by what it looks at; what the writer makes of these words,
    in a table of low rank, is what it is given to begin with, and learned further from there. A picture's positions are
    thus soft words, which the writer can heed at once."""

    def __init__(self, layers: int, heads: int, channels: int, look_heads: int = 4, feed: int = 512):
        super().__init__()
        width = heads * channels
        self.shape, self.look_heads = (layers, 2, heads, channels), look_heads
        self.enter = nn.Linear(TOKEN_CHANNELS, width)
        self.places = nn.Parameter(0.02 * torch.randn(TOKENS, width))
        self.asks = nn.Parameter(torch.randn(VISUAL_POSITIONS, width))
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)
        self.inner, self.outer = nn.Linear(width, feed), nn.Linear(feed, width)
        self.words = nn.Linear(width, WORDS + 1)
        self.table = nn.Linear(WORDS + 1, RANK, bias=False)
        self.leave = nn.Linear(RANK, layers * 2 * width)
        nn.init.zeros_(self.outer.weight)

    def weights(self, tokens: Tensor) -> Tensor:
        """[N, K, WORDS + 1], each position's adding up to 1; the last is none."""
        x = F.relu(self.enter(tokens)).square() + self.places
        key, value = self.key_value(rms_norm(x)).unflatten(-1, (2, self.look_heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        ask = rms_norm(self.asks.unflatten(-1, (self.look_heads, -1)).transpose(0, 1))
        scores = ask @ rms_norm(key).transpose(-1, -2) / math.sqrt(key.shape[-1])
        x = self.asks + self.out((scores.softmax(-1) @ value).transpose(1, 2).flatten(2))
        x = x + self.outer(F.relu(self.inner(rms_norm(x))).square())
        return self.words(rms_norm(x)).softmax(-1)

    def forward(self, tokens: Tensor) -> Tensor:
        made = self.leave(self.table(self.weights(tokens)))
        keys, values = made.unflatten(-1, self.shape).permute(0, 2, 3, 4, 1, 5).unbind(2)
        return torch.stack([rms_norm(keys), values], 2)


class SeeAt(nn.Module):
    """What is exported: `tokens` f32 [N, 49, 256], `position` i64 [1] of the first visual position -> `past` f32
    [N, L, 2, H, K, D], keys turned to their positions."""

    def __init__(self, see: See, writer: Writer):
        super().__init__()
        self.see, self.half = see, writer.half

    def forward(self, tokens: Tensor, position: Tensor) -> Tensor:
        made = self.see(tokens)
        rates = torch.exp(torch.arange(self.half) * (-math.log(10_000.0) / self.half))
        angles = (position + torch.arange(VISUAL_POSITIONS)).to(rates.dtype)[:, None] * rates
        keys = rotate(made[:, :, 0], angles.cos(), angles.sin())
        return torch.stack([keys, made[:, :, 1]], 2)


def read_along(writer: Writer, ids: Tensor, positions: Tensor, mask: Tensor, seen: Tensor | None = None,
               seen_positions: Tensor | None = None, states_only: bool = False) -> tuple[Tensor, Tensor]:
    """The frozen writer over rows of words with visual positions among them.

    `ids` i64 [N, T] at `positions` i64 [N, T]; `seen` [N, L, 2, H, M, D] at `seen_positions` [N, M]; `mask` bool
    [N, T, M + T], true where a token may look (visual positions first) -> hidden states [N, T, W] and the values of the
    last layers, [N, T, S]. With `states_only` the last layer's output is not made."""
    def angles(at: Tensor) -> tuple[Tensor, Tensor]:
        cosine, sine = writer.angles(at.flatten())
        return (part.unflatten(0, at.shape)[:, None] for part in (cosine, sine))

    own = tuple(angles(positions))
    theirs = tuple(angles(seen_positions)) if seen is not None else None
    x, read = writer.embed(ids), []
    for number, layer in enumerate(writer.layers):
        query, key, value = layer.project(x, own)
        if number >= len(writer.layers) - LAYERS_READ:
            read.append(value.transpose(1, 2).flatten(2))
        if states_only and number + 1 == len(writer.layers):
            break
        if seen is not None:
            key = torch.cat([rotate(seen[:, number, 0], *theirs), key], 2)
            value = torch.cat([seen[:, number, 1], value], 2)
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None])
        x = layer.feed(x + layer.out(attended.transpose(1, 2).flatten(2)))
    return x, torch.cat(read, -1)


def seen_states(seen: Tensor) -> Tensor:
    """The same values of visual positions: [N, L, 2, H, M, D] -> [N, M, S]."""
    return torch.cat([seen[:, layer, 1].transpose(1, 2).flatten(2)
                      for layer in range(seen.shape[1] - LAYERS_READ, seen.shape[1])], -1)


class Reader(nn.Module):
    """States [N, T, S] -> [N, out]. First the current panel's own positions are pooled; what they hold then asks all
    positions, so that panels before count as far as they have to do with it. `own` and `before` f32 [N, T] are 1 where a
    position belongs to the current panel and to what comes before it, 0 elsewhere."""

    def __init__(self, out: int):
        super().__init__()
        states = LAYERS_READ * 256
        self.values = nn.Linear(states, READ_HEADS * READ_CHANNELS)
        self.weigh = nn.Linear(states, READ_HEADS)
        self.ask = nn.Linear(READ_HEADS * READ_CHANNELS, READ_HEADS * ASK_CHANNELS)
        self.answer = nn.Linear(states, READ_HEADS * ASK_CHANNELS)
        self.distance = nn.Parameter(torch.zeros(READ_HEADS))
        self.inner = nn.Linear(2 * READ_HEADS * READ_CHANNELS, HIDDEN)
        self.outer = nn.Linear(HIDDEN, out)

    def forward(self, states: Tensor, own: Tensor, before: Tensor) -> Tensor:
        x = rms_norm(states)
        values = self.values(x).unflatten(-1, (READ_HEADS, READ_CHANNELS)).transpose(1, 2)
        closed = 1e4 * (own + before - 1)[:, None]
        weight = self.weigh(x).transpose(1, 2) - 1e4 * (1 - own)[:, None]
        first = (weight.softmax(-1)[:, :, None] @ values).flatten(1)
        ask = self.ask(rms_norm(first)).unflatten(-1, (READ_HEADS, ASK_CHANNELS))
        answer = self.answer(x).unflatten(-1, (READ_HEADS, ASK_CHANNELS)).transpose(1, 2)
        scores = (answer @ ask[..., None])[..., 0] / math.sqrt(ASK_CHANNELS)
        scores = scores + before[:, None] * self.distance[:, None] + closed
        second = (scores.softmax(-1)[:, :, None] @ values).flatten(1)
        return self.outer(F.relu(self.inner(torch.cat([first, second], -1))).square())


def states_of(present: Tensor) -> Tensor:
    """`present` [L, 2, H, T, D] of one row -> [1, T, S]."""
    return torch.cat([present[layer, 1].transpose(0, 1).flatten(1)
                      for layer in range(present.shape[0] - LAYERS_READ, present.shape[0])], -1)[None]


# A panel before counts by how near its vector lies to the current panel's: panels of one picture do at 0.5 and those of
# two at 0.05 on average (held-back photos).
NEAR, STEEP, CURRENT = 0.27, 15.0, 0.7


def in_context(vectors: Tensor) -> Tensor:
    """The vectors of panels [..., P, 256], the current one last, as one [..., 256], all of unit length."""
    current = vectors[..., -1:, :]
    near = torch.sigmoid(STEEP * ((vectors * current).sum(-1, keepdim=True) - NEAR))
    return F.normalize((near * vectors).sum(-2) + CURRENT * current[..., 0, :], dim=-1)


class Retrieve(nn.Module):
    """What is exported: `present` f32 [L, 2, H, T, D], `panels` f32 [P, T], 1 where a position belongs to the panel, the
    current one last -> `vector` f32 [256], unit length."""

    def __init__(self, reader: Reader):
        super().__init__()
        self.reader = reader

    def forward(self, present: Tensor, panels: Tensor) -> Tensor:
        states = states_of(present).expand(panels.shape[0], -1, -1)
        return in_context(F.normalize(self.reader(states, panels, torch.zeros_like(panels)), dim=-1))


class Paint(nn.Module):
    """What is exported: `present`, `own` and `before` f32 [T] -> probabilities `place`, `time`, `weather` (each sums to 1), `figures` f32 [F] (each
    by itself), `where` f32 [F, 3]: the middle from the left, the foot from the top, and the height, in fractions."""

    def __init__(self, reader: Reader, sizes: list[int]):
        super().__init__()
        self.reader, self.sizes = reader, sizes

    def forward(self, present: Tensor, own: Tensor, before: Tensor) \
            -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        place, time, weather, figures, where = self.reader(states_of(present), own[None], before[None])[0].split(self.sizes)
        return (place.softmax(-1), time.softmax(-1), weather.softmax(-1), figures.sigmoid(),
                where.unflatten(0, (-1, 3)).sigmoid())
