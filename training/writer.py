"""The writer: a small causal language model that continues a story.

Pre-norm transformer with root-mean-square norms, rotary positions (Su et al. 2021, "RoFormer"), normed queries and
keys (Henry et al. 2020), squared ReLU (So et al. 2021, "Primer") and tied embeddings.

Shapes: B rows, T tokens, P tokens before them, L layers, H heads of D = W / H channels, V pieces.
"""
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def rms_norm(x: Tensor) -> Tensor:
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6)


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turns the pairs (c, c + D / 2) of [B, H, T, D] by [T, D / 2] angles."""
    first, second = x.chunk(2, -1)
    return torch.cat([first * cosine - second * sine, first * sine + second * cosine], -1)


class WriterLayer(nn.Module):
    def __init__(self, width: int, heads: int, feed: int):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.Parameter(torch.ones(width)), nn.Parameter(torch.ones(width))
        self.query_key_value = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.inner = nn.Linear(width, feed, bias=False)
        self.outer = nn.Linear(feed, width, bias=False)
        for linear in (self.query_key_value, self.inner):
            nn.init.normal_(linear.weight, std=1 / math.sqrt(width))
        for linear in (self.out, self.outer):
            nn.init.zeros_(linear.weight)

    def project(self, x: Tensor, angles: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values [B, H, T, D]; queries and keys are normed and turned to their positions."""
        parts = self.query_key_value(rms_norm(x) * self.norm1).unflatten(-1, (3, self.heads, -1))
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        return rotate(rms_norm(query), *angles), rotate(rms_norm(key), *angles), value

    def feed(self, x: Tensor) -> Tensor:
        return x + self.outer(F.relu(self.inner(rms_norm(x) * self.norm2)).square())

    def forward(self, x: Tensor, angles: tuple[Tensor, Tensor], mask: Tensor) -> Tensor:
        attended = F.scaled_dot_product_attention(*self.project(x, angles), attn_mask=mask)
        return self.feed(x + self.out(attended.transpose(1, 2).flatten(2)))

    def step(self, x: Tensor, angles: tuple[Tensor, Tensor], past: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """`past` [2, H, P, D], one row -> the layer's output and `present` [2, H, P + T, D]. Plain operators only."""
        query, key, value = self.project(x, angles)
        key, value = torch.cat([past[:1], key], 2), torch.cat([past[1:], value], 2)
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1]) + mask
        attended = scores.softmax(-1) @ value
        return self.feed(x + self.out(attended.transpose(1, 2).flatten(2))), torch.cat([key, value])


class Writer(nn.Module):
    def __init__(self, pieces: int, config: dict):
        super().__init__()
        width, heads = config["width"], config["heads"]
        self.half = width // heads // 2
        self.embedding = nn.Embedding(pieces, width)
        nn.init.normal_(self.embedding.weight, std=0.02)
        self.layers = nn.ModuleList(WriterLayer(width, heads, config["feed"]) for _ in range(config["layers"]))
        self.norm = nn.Parameter(torch.ones(width))

    def angles(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        rates = torch.exp(torch.arange(self.half, device=positions.device) * (-math.log(10_000.0) / self.half))
        angles = positions.to(rates.dtype)[:, None] * rates
        return angles.cos(), angles.sin()

    def embed(self, ids: Tensor) -> Tensor:
        return rms_norm(self.embedding(ids))

    def logits(self, x: Tensor) -> Tensor:
        return F.linear(rms_norm(x) * self.norm, self.embedding.weight)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """`ids` [B, T], `mask` bool [B, 1, T, T]: which earlier tokens each token sees -> hidden states [B, T, W]."""
        angles = self.angles(torch.arange(ids.shape[1], device=ids.device))
        x = self.embed(ids)
        for layer in self.layers:
            x = layer(x, angles, mask)
        return x
