"""Loads what the training steps saved. encoder.pt: the image encoder; tokens.pt: the mining; caption.pt: the captioner; text.pt: the text
encoder and the image embedder."""
from pathlib import Path

import torch
from torch import nn

from models import Captioner, ImageEmbedder, ImageEncoder, Mining, TextEncoder


def build_captioner(config: dict) -> Captioner:
    return Captioner(config["encoder"]["neck"][0], config["tokenizer"]["pieces"], config["max_tokens"],
                     config["caption"])


def build_mining(config: dict, mine: bool = True) -> Mining:
    encoder, tokens = config["encoder"], config["tokens"]
    return Mining(encoder["neck"][0], encoder["teacher_channels"][1], tokens["width"], tokens["heads"], mine)


def build_embedder(config: dict) -> ImageEmbedder:
    return ImageEmbedder(config["encoder"]["neck"][0], config["text"]["dimensions"])


def build_text_encoder(config: dict) -> TextEncoder:
    return TextEncoder(config["tokenizer"]["pieces"], config["max_text_tokens"], config["text"])


def load(module: nn.Module, work: Path, file: str, part: str) -> nn.Module:
    module.load_state_dict(torch.load(work / file, weights_only=True, map_location="cpu")[part])
    return module.eval()


def load_encoder(work: Path, config: dict) -> ImageEncoder:
    return load(ImageEncoder(config["encoder"]), work, "encoder.pt", "encoder")


def load_mining(work: Path, config: dict) -> Mining:
    return load(build_mining(config), work, "tokens.pt", "mining")


def load_captioner(work: Path, config: dict) -> Captioner:
    return load(build_captioner(config), work, "caption.pt", "captioner")


def load_embedder(work: Path, config: dict) -> ImageEmbedder:
    return load(build_embedder(config), work, "text.pt", "embedder")


def load_text_encoder(work: Path, config: dict) -> TextEncoder:
    return load(build_text_encoder(config), work, "text.pt", "text_encoder")
