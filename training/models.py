"""The starter pack's networks: one image encoder, one caption decoder, one text encoder.

Shapes: N photos, B text rows, 49 = 7x7 image tokens of D channels, W the decoder's width, L its layers.
"""
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

GRID = 13
POOLED = 7


def convolution(before: int, after: int, side: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(before, after, side, stride, side // 2, bias=False),
                         nn.BatchNorm2d(after, momentum=0.05), nn.SiLU(inplace=True))


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 with a shortcut (He et al. 2016, "Deep Residual Learning"), plain convolutions only:
    depthwise ones are slower on a CPU than their operation count says."""

    def __init__(self, channels: int, middle: int):
        super().__init__()
        self.layers = nn.Sequential(
            *convolution(channels, middle, 1), *convolution(middle, middle, 3),
            nn.Conv2d(middle, channels, 1, bias=False), nn.BatchNorm2d(channels, momentum=0.05))
        nn.init.constant_(self.layers[-1].weight, 0.3)

    def forward(self, x: Tensor) -> Tensor:
        return F.silu(x + self.layers(x))


class Context(nn.Module):
    """Adds to every cell what mean and maximum over the whole map say (after Hu et al. 2018, "Squeeze-and-Excitation
    Networks")."""

    def __init__(self, channels: int):
        super().__init__()
        self.gather = nn.Linear(2 * channels, channels)
        self.spread = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        whole = torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)
        return x + self.spread(F.silu(self.gather(whole)))[:, :, None, None]


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

    def attend(self, x: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None = None,
               share: Tensor | None = None) -> Tensor:
        """`keys` and `values` [N, T, W]; `mask` is added to the scores; `share` [N, T], 0..1, is how far each key
        takes part (Rao et al. 2021, "DynamicViT", equation 11), so that the choice of keys can learn."""
        query, keys, values = self.split(self.query(x)), self.split(keys), self.split(values)
        scores = query @ keys.transpose(-1, -2) / math.sqrt(query.shape[-1])
        if mask is not None:
            scores = scores + mask
        weights = scores.softmax(-1)
        if share is not None:
            weights = weights * share[:, None, None, :]
            weights = weights / (weights.sum(-1, keepdim=True) + 1e-6)
        return self.out((weights @ values).transpose(1, 2).flatten(2))

    def forward(self, x: Tensor, source: Tensor | None = None, mask: Tensor | None = None,
                share: Tensor | None = None) -> Tensor:
        keys, values = self.key_value(x if source is None else source).chunk(2, -1)
        return self.attend(x, keys, values, mask, share)


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

    def forward(self, x: Tensor, mask: Tensor | None = None, share: Tensor | None = None) -> Tensor:
        x = x + self.dropout(self.attention(self.norm1(x), mask=mask, share=share))
        return x + self.dropout(self.feed(self.norm2(x)))


class Stage(nn.Module):
    """Part of the image encoder. What it hands on is its guess at the teacher's map of the same place (standardised
    channels), so that every stage can learn with the teacher's own map as its input."""

    def __init__(self, before: int, channels: int, middle: int, blocks: int, given: int, stride: int, context: bool):
        super().__init__()
        layers: list[nn.Module] = [convolution(before, channels, 3 if stride > 1 else 1, stride)]
        for index in range(blocks):
            layers.append(Bottleneck(channels, middle))
            if context and index == 0:
                layers.append(Context(channels))
        self.body = nn.Sequential(*layers)
        self.head = nn.Conv2d(channels, given, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x))


class ImageEncoder(nn.Module):
    """Pixels 0..255 [N, 3, S, S] -> `fine` [N, 128, S/8, S/8] and `deep` [N, D, S/16, S/16].

    Three stages halve the side; the neck reads the last map together with the one before (averages and maxima of its
    2x2 cells). S is 208, or 104 for the small view.
    """

    def __init__(self, config: dict):
        super().__init__()
        stem, stages, teacher = config["stem"], config["stages"], config["teacher_channels"]
        self.stages = nn.ModuleList()
        before = stem
        for index, ((channels, middle, blocks), given) in enumerate(zip(stages, teacher)):
            stage = Stage(before, channels, middle, blocks, given, 2, index == len(stages) - 1)
            if index == 0:
                stage.body.insert(0, convolution(3, stem, 3, 2))
            self.stages.append(stage)
            before = given
        channels, middle, blocks = config["neck"]
        self.neck = Stage(teacher[2] + 2 * teacher[1], channels, middle, blocks, teacher[3], 1, True)
        self.channels, self.fine_channels = channels, teacher[1]

    def join(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """What the neck reads: [N, 128, S/8, S/8] and [N, 256, S/16, S/16] -> [N, 512, S/16, S/16]."""
        return torch.cat([coarse, F.avg_pool2d(fine, 2, ceil_mode=True), F.max_pool2d(fine, 2, ceil_mode=True)], 1)

    def maps(self, pixels: Tensor) -> list[Tensor]:
        """The three stages' maps and the neck's body."""
        x, maps = (pixels - 118.0) / 64.0, []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        maps.append(self.neck.body(self.join(maps[1], maps[2])))
        return maps

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        maps = self.maps(pixels)
        return maps[1], maps[3]


def small_view(pixels: Tensor) -> Tensor:
    """[N, 3, 208, 208] -> [N, 3, 104, 104], the mean of each 2x2."""
    return F.avg_pool2d(pixels, 2)


class Mining(nn.Module):
    """Image tokens from two views of a picture (patch info mining; Li et al. 2024, "Mini-Gemini").

    The small view gives 7x7 tokens; each asks, by attention, the maps of the large view in its own region: 4x4 cells
    of the finer and 2x2 of the deeper. The number of tokens stays 49.
    """

    def __init__(self, channels: int, fine_channels: int, width: int, heads: int, mine: bool = True):
        super().__init__()
        self.heads, self.mine = heads, mine
        self.norm_small = nn.LayerNorm(channels)
        self.position = nn.Parameter(torch.randn(POOLED * POOLED, channels) * 0.02)
        if mine:
            self.query = nn.Linear(channels, width)
            self.fine = nn.Conv2d(fine_channels, 2 * width, 1)
            self.deep = nn.Conv2d(channels, 2 * width, 1)
            self.cell = nn.Parameter(torch.randn(20, width) * 0.02)
            self.out = nn.Linear(width, channels)
        self.norm_feed = nn.LayerNorm(channels)
        self.feed = nn.Sequential(nn.Linear(channels, 2 * channels), nn.GELU(), nn.Linear(2 * channels, channels))
        self.norm = nn.LayerNorm(channels)

    @staticmethod
    def regions(x: Tensor, side: int) -> Tensor:
        """[N, C, s, s] -> [N, 49, side * side, C], the map stretched to 7 * side."""
        x = F.interpolate(x, size=(POOLED * side, POOLED * side), mode="bilinear", align_corners=False)
        x = x.unflatten(3, (POOLED, side)).unflatten(2, (POOLED, side))
        return x.permute(0, 2, 4, 3, 5, 1).flatten(3, 4).flatten(1, 2)

    def forward(self, small: Tensor, fine: Tensor, deep: Tensor) -> Tensor:
        """`small` [N, 49, D], `fine` [N, 128, 26, 26], `deep` [N, D, 13, 13] -> [N, 49, D]."""
        x = self.norm_small(small) + self.position
        if self.mine:
            keys, values = torch.cat([self.regions(self.fine(fine), 4),
                                      self.regions(self.deep(deep), 2)], 2).chunk(2, -1)
            query = self.query(x).unflatten(-1, (self.heads, 1, -1))
            keys = (keys + self.cell).unflatten(-1, (self.heads, -1)).transpose(2, 3)
            values = values.unflatten(-1, (self.heads, -1)).transpose(2, 3)
            scores = query @ keys.transpose(-1, -2) / math.sqrt(query.shape[-1])
            x = x + self.out((scores.softmax(-1) @ values).flatten(2))
        return self.norm(x + self.feed(self.norm_feed(x)))


class TeacherHeads(nn.Module):
    """Heads that only training uses: the captions' content words, the labelled sets' labels and, for painted scenes,
    what stands in each cell; and the detector's map as the small view shows it."""

    def __init__(self, channels: int, words: int, labels: int, figures: int, teacher: int):
        super().__init__()
        self.words = nn.Linear(2 * channels, words)
        self.labels = nn.Linear(2 * channels, labels)
        self.figures = nn.Linear(channels, figures + 1)
        self.small = nn.Linear(channels, teacher)

    @staticmethod
    def pool(deep: Tensor) -> Tensor:
        """[N, D, s, s] -> [N, 2 D]"""
        return torch.cat([deep.mean((2, 3)), deep.amax((2, 3))], 1)


def pooling_matrix(size: int = GRID, pooled: int = POOLED) -> Tensor:
    """[49, 169]: adaptive average pooling of a 13x13 map to 7x7, as one matrix."""
    line = torch.zeros(pooled, size)
    for index in range(pooled):
        start, stop = index * size // pooled, -(-(index + 1) * size // pooled)
        line[index, start:stop] = 1 / (stop - start)
    return torch.kron(line, line)


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

    def forward(self, x: Tensor, cross: Tensor, mask: Tensor | None = None, past: Tensor | None = None,
                share: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """`cross` and `past` [B, 2, T, W] hold keys and values; returns the output and `past` with this step."""
        own = torch.stack(self.own.key_value(self.norm1(x)).chunk(2, -1), 1)
        if past is not None:
            own = torch.cat([past, own], 2)
        x = x + self.dropout(self.own.attend(self.norm1(x), own[:, 0], own[:, 1], mask))
        x = x + self.dropout(self.cross.attend(self.norm2(x), cross[:, 0], cross[:, 1], share=share))
        return x + self.dropout(self.feed(self.norm3(x))), own


class Captioner(nn.Module):
    """Image tokens in, caption out (the encoder-decoder of Vaswani et al. 2017 with tied output weights).

    A selector says how much each of the 49 tokens is needed; those kept take in what the others hold, and only they go
    on (dynamic visual tokens; Jin et al. 2024, "LaVIT"). K is the number of tokens kept.
    """

    def __init__(self, channels: int, vocabulary: int, max_tokens: int, config: dict):
        super().__init__()
        width, heads, dropout = config["width"], config["heads"], config["dropout"]
        self.max_tokens = max_tokens
        self.input = nn.Linear(channels, width)
        self.image_position = nn.Parameter(torch.randn(POOLED * POOLED, width) * 0.02)
        self.selector = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width // 2), nn.GELU(),
                                      nn.Linear(width // 2, 1))
        nn.init.constant_(self.selector[-1].bias, 2.0)
        self.merge_norm, self.merge = nn.LayerNorm(width), Attention(width, heads)
        nn.init.zeros_(self.merge.out.weight)
        self.image_layers = nn.ModuleList(EncoderLayer(width, heads, dropout) for _ in range(config["encoder_layers"]))
        self.image_norm = nn.LayerNorm(width)
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=0)
        nn.init.normal_(self.embedding.weight, std=0.05)
        self.position = nn.Parameter(torch.randn(max_tokens + 2, width) * 0.02)
        self.layers = nn.ModuleList(DecoderLayer(width, heads, dropout) for _ in range(config["decoder_layers"]))
        self.norm = nn.LayerNorm(width)
        self.bias = nn.Parameter(torch.zeros(vocabulary))
        self.dropout = nn.Dropout(dropout)

    def place(self, tokens: Tensor) -> Tensor:
        """Image tokens [N, 49, D] -> [N, 49, W], with their places."""
        return self.input(tokens) + self.image_position

    def need(self, tokens: Tensor) -> Tensor:
        """Log-odds [N, 49] that each token is needed."""
        return self.selector(self.place(tokens)).squeeze(-1)

    def prefix(self, tokens: Tensor, kept: Tensor | None = None, share: Tensor | None = None) -> Tensor:
        """Image tokens [N, 49, D] -> keys and values of every decoder layer's cross-attention [N, L, 2, K, W].

        `kept` int64 [N, K]: the tokens that are kept. In training `share` [N, 49] says so instead, for all 49.
        """
        every = self.place(tokens)
        x = every if kept is None else every.gather(1, kept[:, :, None].expand(-1, -1, every.shape[-1]))
        x = self.dropout(x + self.merge(self.merge_norm(x), self.merge_norm(every)))
        for layer in self.image_layers:
            x = layer(x, share=share)
        x = self.image_norm(x)
        return torch.stack([torch.stack(layer.cross.key_value(x).chunk(2, -1), 1) for layer in self.layers], 1)

    def logits(self, x: Tensor) -> Tensor:
        return F.linear(self.norm(x), self.embedding.weight, self.bias)

    def forward(self, cross: Tensor, ids: Tensor, share: Tensor | None = None) -> Tensor:
        """Teacher forcing: `cross` [B, L, 2, K, W], `ids` [B, T] -> hidden states [B, T, W] (see `logits`)."""
        x = self.dropout(self.embedding(ids) + self.position[:ids.shape[1]])
        mask = torch.full((ids.shape[1], ids.shape[1]), -1e4, device=ids.device).triu(1)
        for index, layer in enumerate(self.layers):
            x, _ = layer(x, cross[:, index], mask, share=share)
        return x

    def step(self, ids: Tensor, position: Tensor, past: Tensor, cross: Tensor, share: Tensor | None = None) \
            -> tuple[Tensor, Tensor]:
        """One token: `ids` [B, 1], `position` [1], `past` [B, L, 2, T, W], `cross` [B, L, 2, K, W] ->
        log-probabilities [B, V] and `past` with this token [B, L, 2, T + 1, W]."""
        x = self.embedding(ids) + self.position[position]
        present = []
        for index, layer in enumerate(self.layers):
            x, own = layer(x, cross[:, index], None, past[:, index], share)
            present.append(own)
        return self.logits(x[:, -1]).log_softmax(-1), torch.stack(present, 1)


def keep_share(need: Tensor, sample: bool) -> Tensor:
    """Which tokens are kept [N, 49], 1 or 0, from their log-odds; at least one a picture. With `sample` noise is added
    (Gumbel-sigmoid), and gradients pass as if the choice were soft (Bengio et al. 2013)."""
    if sample:
        uniform = torch.rand_like(need).clamp(1e-4, 1 - 1e-4)
        need = need + torch.logit(uniform)
    hard = (need > 0).float().scatter(1, need.argmax(1, keepdim=True), 1.0)
    soft = need.sigmoid()
    return hard + soft - soft.detach()
