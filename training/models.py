"""The starter pack's networks: one image encoder, one caption decoder, one text encoder.

Shapes: N photos, B text rows, 49 = 7x7 image tokens of D channels, W the decoder's width, L its layers.
"""
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

GRID = 13
POOLED = 7


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 with a shortcut (He et al. 2016, "Deep Residual Learning"), plain convolutions only:
    depthwise ones are slower on a CPU than their operation count says."""

    def __init__(self, channels: int, middle: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, middle, 1, bias=False), nn.BatchNorm2d(middle), nn.ReLU(inplace=True),
            nn.Conv2d(middle, middle, 3, padding=1, bias=False), nn.BatchNorm2d(middle), nn.ReLU(inplace=True),
            nn.Conv2d(middle, channels, 1, bias=False), nn.BatchNorm2d(channels))
        nn.init.constant_(self.layers[-1].weight, 0.2)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.layers(x))


class Attention(nn.Module):
    """Multi-head attention (Vaswani et al. 2017) written out, so that it exports to few plain operators."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def split(self, x: Tensor) -> Tensor:
        """[N, T, W] -> [N, heads, T, W / heads]"""
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def attend(self, x: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None = None) -> Tensor:
        """`keys` and `values` [N, T, W]; `mask` is added to the scores."""
        query, keys, values = self.split(self.query(x)), self.split(keys), self.split(values)
        scores = query @ keys.transpose(-1, -2) / math.sqrt(query.shape[-1])
        if mask is not None:
            scores = scores + mask
        return self.out((scores.softmax(-1) @ values).transpose(1, 2).flatten(2))

    def forward(self, x: Tensor, source: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        keys, values = self.key_value(x if source is None else source).chunk(2, -1)
        return self.attend(x, keys, values, mask)


def feed_forward(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))


class EncoderLayer(nn.Module):
    """Pre-norm transformer layer."""

    def __init__(self, width: int, heads: int, dropout: float = 0.0):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.feed = feed_forward(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = x + self.dropout(self.attention(self.norm1(x), mask=mask))
        return x + self.dropout(self.feed(self.norm2(x)))


class ImageEncoder(nn.Module):
    """Pixels 0..255 [N, 3, S, S] -> feature map [N, S/16, S/16, D]."""

    def __init__(self, config: dict):
        super().__init__()
        stem, stages = config["stem"], config["stages"]
        layers: list[nn.Module] = [nn.Conv2d(3, stem, 6, stride=4, padding=1, bias=False), nn.BatchNorm2d(stem),
                                   nn.ReLU(inplace=True)]
        before = stem
        for index, (channels, middle, blocks) in enumerate(stages):
            if index == len(stages) - 1:
                self.half_way = len(layers)
            if index:
                layers += [nn.Conv2d(before, channels, 3, stride=2, padding=1, bias=False),
                           nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]
            layers += [Bottleneck(channels, middle) for _ in range(blocks)]
            before = channels
        self.body = nn.Sequential(*layers)
        self.channels = before
        self.position = nn.Parameter(torch.randn(GRID, GRID, before) * 0.02)
        self.attention = nn.ModuleList(EncoderLayer(before, before // 32) for _ in range(config["attention_layers"]))
        self.norm = nn.LayerNorm(before)

    def forward(self, pixels: Tensor, corner: tuple[int, int] = (0, 0)) -> Tensor:
        """`corner`: the cell (row, column) of the full picture where a crop begins."""
        return self.finish(self.begin(pixels), corner)

    def begin(self, pixels: Tensor) -> Tensor:
        """All stages but the last: [N, channels, S/8, S/8]."""
        return self.body[:self.half_way]((pixels - 118.0) / 64.0)

    def finish(self, x: Tensor, corner: tuple[int, int] = (0, 0)) -> Tensor:
        x = self.body[self.half_way:](x).permute(0, 2, 3, 1)
        rows, columns = x.shape[1], x.shape[2]
        top, left = corner
        x = x + self.position[top:top + rows, left:left + columns]
        x = x.flatten(1, 2)
        for layer in self.attention:
            x = layer(x)
        return self.norm(x).unflatten(1, (rows, columns))


def pooling_matrix(size: int = GRID, pooled: int = POOLED) -> Tensor:
    """[49, 169]: adaptive average pooling of a 13x13 map to 7x7, as one matrix."""
    line = torch.zeros(pooled, size)
    for index in range(pooled):
        start, stop = index * size // pooled, -(-(index + 1) * size // pooled)
        line[index, start:stop] = 1 / (stop - start)
    return torch.kron(line, line)


class TokenPool(nn.Module):
    """Feature map [N, 13, 13, D] -> image tokens [N, 49, D]."""

    def __init__(self):
        super().__init__()
        self.register_buffer("matrix", pooling_matrix(), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        return self.matrix @ features.flatten(1, 2)


class TeacherHeads(nn.Module):
    """Heads that only training uses: the detector's maps, the captions' content words, the labelled sets' labels
    and, for painted scenes, what stands in each cell."""

    def __init__(self, channels: int, teacher: int, words: int, labels: int, figures: int, middle: int,
                 hint: int):
        super().__init__()
        self.teacher = nn.Linear(channels, teacher)
        self.words = nn.Linear(2 * channels, words)
        self.labels = nn.Linear(2 * channels, labels)
        self.figures = nn.Linear(channels, figures + 1)
        self.hint = nn.Linear(middle, hint)

    def pool(self, features: Tensor) -> Tensor:
        return torch.cat([features.mean((1, 2)), features.amax((1, 2))], -1)


class ImageEmbedder(nn.Module):
    """Attention pooling (as in CLIP; Radford et al. 2021): tokens [N, 49, D] -> unit vectors [N, dimensions]."""

    def __init__(self, channels: int, dimensions: int, heads: int = 8):
        super().__init__()
        self.heads = heads
        self.score = nn.Linear(channels, heads)
        self.value = nn.Linear(channels, 2 * dimensions)
        self.norm = nn.LayerNorm(2 * dimensions)
        self.out = nn.Linear(2 * dimensions, dimensions)

    def forward(self, tokens: Tensor) -> Tensor:
        weights = self.score(tokens).softmax(1).transpose(1, 2).unsqueeze(2)
        values = self.value(tokens).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        pooled = (weights @ values).squeeze(2).flatten(1)
        return F.normalize(self.out(F.gelu(self.norm(pooled))), dim=-1)


class TextEncoder(nn.Module):
    """Token ids [N, T], padded with 0 -> unit vectors [N, dimensions]; mean over the tokens that are not padding."""

    def __init__(self, vocabulary: int, max_tokens: int, config: dict):
        super().__init__()
        width = config["width"]
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=0)
        nn.init.normal_(self.embedding.weight, std=0.05)
        self.position = nn.Parameter(torch.randn(max_tokens, width) * 0.02)
        self.layers = nn.ModuleList(EncoderLayer(width, config["heads"], config["dropout"])
                                    for _ in range(config["layers"]))
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, config["dimensions"])
        self.dropout = nn.Dropout(config["dropout"])

    def forward(self, ids: Tensor) -> Tensor:
        present = (ids != 0).to(self.position.dtype)
        x = self.dropout(self.embedding(ids) + self.position[:ids.shape[1]])
        mask = (1 - present)[:, None, None, :] * -1e4
        for layer in self.layers:
            x = layer(x, mask)
        x = self.norm(x) * present.unsqueeze(-1)
        x = x.sum(1) / present.sum(1, keepdim=True).clamp(min=1)
        return F.normalize(self.out(x), dim=-1)


class DecoderLayer(nn.Module):
    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(width) for _ in range(3))
        self.own, self.cross = Attention(width, heads), Attention(width, heads)
        self.feed = feed_forward(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, cross: Tensor, mask: Tensor | None = None, past: Tensor | None = None) \
            -> tuple[Tensor, Tensor]:
        """`cross` and `past` [B, 2, T, W] hold keys and values; returns the output and `past` with this step."""
        own = torch.stack(self.own.key_value(self.norm1(x)).chunk(2, -1), 1)
        if past is not None:
            own = torch.cat([past, own], 2)
        x = x + self.dropout(self.own.attend(self.norm1(x), own[:, 0], own[:, 1], mask))
        x = x + self.dropout(self.cross.attend(self.norm2(x), cross[:, 0], cross[:, 1]))
        return x + self.dropout(self.feed(self.norm3(x))), own


class Captioner(nn.Module):
    """Image tokens in, caption out (the encoder-decoder of Vaswani et al. 2017 with tied output weights)."""

    def __init__(self, channels: int, vocabulary: int, max_tokens: int, config: dict):
        super().__init__()
        width, heads, dropout = config["width"], config["heads"], config["dropout"]
        self.max_tokens = max_tokens
        self.input = nn.Linear(channels, width)
        self.image_position = nn.Parameter(torch.randn(POOLED * POOLED, width) * 0.02)
        self.image_layers = nn.ModuleList(EncoderLayer(width, heads, dropout) for _ in range(config["encoder_layers"]))
        self.image_norm = nn.LayerNorm(width)
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=0)
        nn.init.normal_(self.embedding.weight, std=0.05)
        self.position = nn.Parameter(torch.randn(max_tokens + 2, width) * 0.02)
        self.layers = nn.ModuleList(DecoderLayer(width, heads, dropout) for _ in range(config["decoder_layers"]))
        self.norm = nn.LayerNorm(width)
        self.bias = nn.Parameter(torch.zeros(vocabulary))
        self.dropout = nn.Dropout(dropout)

    def prefix(self, tokens: Tensor) -> Tensor:
        """Image tokens [N, 49, D] -> keys and values of every decoder layer's cross-attention [N, L, 2, 49, W]."""
        x = self.dropout(self.input(tokens) + self.image_position)
        for layer in self.image_layers:
            x = layer(x)
        x = self.image_norm(x)
        return torch.stack([torch.stack(layer.cross.key_value(x).chunk(2, -1), 1) for layer in self.layers], 1)

    def logits(self, x: Tensor) -> Tensor:
        return F.linear(self.norm(x), self.embedding.weight, self.bias)

    def forward(self, cross: Tensor, ids: Tensor) -> Tensor:
        """Teacher forcing: `cross` [B, L, 2, 49, W], `ids` [B, T] -> hidden states [B, T, W] (see `logits`)."""
        x = self.dropout(self.embedding(ids) + self.position[:ids.shape[1]])
        mask = torch.full((ids.shape[1], ids.shape[1]), -1e4, device=ids.device).triu(1)
        for index, layer in enumerate(self.layers):
            x, _ = layer(x, cross[:, index], mask)
        return x

    def step(self, ids: Tensor, position: Tensor, past: Tensor, cross: Tensor) -> tuple[Tensor, Tensor]:
        """One token: `ids` [B, 1], `position` [1], `past` [B, L, 2, T, W], `cross` [B, L, 2, 49, W] ->
        log-probabilities [B, V] and `past` with this token [B, L, 2, T + 1, W]."""
        x = self.embedding(ids) + self.position[position]
        present = []
        for index, layer in enumerate(self.layers):
            x, own = layer(x, cross[:, index], None, past[:, index])
            present.append(own)
        return self.logits(x[:, -1]).log_softmax(-1), torch.stack(present, 1)
