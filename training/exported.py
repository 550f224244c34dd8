"""The four networks exactly as they are exported: inputs, outputs and what the app may rely on."""
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from language import BOS, PAD, UNKNOWN
from models import Captioner, ImageEmbedder, ImageEncoder, Mining, TextEncoder, small_view

TOP = 6


def fold_batch_norms(module: nn.Module) -> None:
    """Folds each batch normalisation into the convolution before it."""
    for child in module.children():
        fold_batch_norms(child)
    if isinstance(module, nn.Sequential):
        for index in range(len(module) - 1):
            if isinstance(module[index], nn.Conv2d) and isinstance(module[index + 1], nn.BatchNorm2d):
                module[index] = fuse_conv_bn_eval(module[index], module[index + 1])
                module[index + 1] = nn.Identity()


class Vision(nn.Module):
    """`pixels` uint8 [N, 208, 208, 3] -> `tokens` [N, 49, D], `embedding` [N, 256], unit length, and `need` [N, 49]:
    the odds in 0..1 that each token is needed for a caption."""

    def __init__(self, encoder: ImageEncoder, mining: Mining, embedder: ImageEmbedder, captioner: Captioner):
        super().__init__()
        self.encoder, self.mining, self.embedder, self.captioner = encoder, mining, embedder, captioner

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        large = pixels.permute(0, 3, 1, 2).float()
        small = self.encoder(small_view(large))[1].flatten(2).transpose(1, 2)
        tokens = self.mining(small, *self.encoder(large))
        return tokens, self.embedder(tokens), self.captioner.need(tokens).sigmoid()


class Text(nn.Module):
    """`ids` int64 [N, T], padded with 0 -> `embedding` [N, 256], unit length."""

    def __init__(self, encoder: TextEncoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, ids: Tensor) -> Tensor:
        return self.encoder(ids)


class Prefix(nn.Module):
    """`tokens` [N, 49, D], `kept` int64 [N, K] (which of them are kept) -> `cross` [N, L, 2, K, W]."""

    def __init__(self, captioner: Captioner):
        super().__init__()
        self.captioner = captioner

    def forward(self, tokens: Tensor, kept: Tensor) -> Tensor:
        return self.captioner.prefix(tokens, kept)


class Decoder(nn.Module):
    """One decoding step.

    `ids` int64 [B, 1], `position` int64 [1], `beam` int64 [B] (the row of `past` that each row goes on from),
    `past` [P, L, 2, T, W] (T may be 0), `cross` [N, L, 2, K, W], `photo` int64 [B] (the row of `cross`) ->
    `present` [B, L, 2, T + 1, W], `top_scores` [B, 6] log-probabilities, `top_ids` int64 [B, 6].
    <pad>, <bos> and <unk> never come out.
    """

    def __init__(self, captioner: Captioner):
        super().__init__()
        self.captioner = captioner
        allowed = torch.zeros(captioner.bias.shape[0])
        allowed[[PAD, BOS, UNKNOWN]] = -1e4
        self.captioner.bias.data += allowed

    def forward(self, ids: Tensor, position: Tensor, beam: Tensor, past: Tensor, cross: Tensor, photo: Tensor) \
            -> tuple[Tensor, Tensor, Tensor]:
        scores, present = self.captioner.step(ids, position, past.index_select(0, beam), cross.index_select(0, photo))
        top_scores, top_ids = scores.topk(TOP, -1)
        return present, top_scores, top_ids
