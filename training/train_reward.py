#!/usr/bin/env python3
"""Step 9: teach the captioner to write what people agree on (self-critical sequence training; Rennie et al. 2017).

For each train photo several captions are sampled; those that score above the mean of their photo's other samples
(Luo 2020, "A Better Variant of Self-Critical Sequence Training") become likelier. The score is CIDEr-D (Vedantam et
al. 2015) against the photo's five captions, with the document frequencies of the train captions. Samples are drawn, and
made likelier, at a temperature below 1, so that they are near what beam search writes. A share of the usual loss keeps
the language sound. Works on the tokens that the selector keeps (every third batch on all). Checkpoints are chosen by
CIDEr-D of likeliest captions on held-back train photos. Stops by the clock; caption.pt in, caption.pt out.
"""
import argparse
import collections
import math
import time

import numpy as np
import torch
from torch import Tensor

from cached import load_cached_tokens
from common import add_common_arguments, device, prepare
from language import BOS, EOS, PAD, UNKNOWN, load_tokenizer, words
from models import Captioner, keep_share
from tasks import CaptionIds, LanguageTasks

CHECK_EVERY = 50
ORDERS = 4
SIGMA = 6.0


def grams(tokens: list[str]) -> list[collections.Counter]:
    """n-grams of a caption, by order."""
    return [collections.Counter(tuple(tokens[i:i + n]) for i in range(len(tokens) - n + 1))
            for n in range(1, ORDERS + 1)]


class CiderD:
    """CIDEr-D with the document frequencies of `references`, one list of captions a picture."""

    def __init__(self, references: list[list[str]]):
        frequency: collections.Counter = collections.Counter()
        for captions in references:
            frequency.update({gram for caption in captions for order in grams(words(caption)) for gram in order})
        self.frequency, self.log_count = frequency, math.log(max(len(references), 2))

    def vector(self, tokens: list[str]) -> tuple[list[dict], list[float], int]:
        weights = [{gram: count * (self.log_count - math.log(max(1.0, self.frequency[gram])))
                    for gram, count in order.items()} for order in grams(tokens)]
        return weights, [math.sqrt(sum(value * value for value in order.values())) for order in weights], len(tokens)

    def score(self, caption: list[str], references: list[tuple]) -> float:
        """0..10; `references` are vectors of one picture's captions."""
        given, norms, length = self.vector(caption)
        total = 0.0
        for wanted, wanted_norms, wanted_length in references:
            penalty = math.exp(-((length - wanted_length) ** 2) / (2 * SIGMA * SIGMA))
            for n in range(ORDERS):
                if norms[n] and wanted_norms[n]:
                    common = sum(min(value, wanted[n].get(gram, 0.0)) * wanted[n].get(gram, 0.0)
                                 for gram, value in given[n].items())
                    total += penalty * common / (norms[n] * wanted_norms[n])
        return 10 * total / (ORDERS * len(references))


@torch.no_grad()
def speak(captioner: Captioner, cross: Tensor, share: Tensor | None, longest: int, temperature: float) -> Tensor:
    """Captions [B, T] with <bos>, ended by <eos> and padded with 0: sampled, or at temperature 0 the likeliest word at
    each step."""
    count = len(cross)
    ids = torch.full((count, 1), BOS, dtype=torch.long, device=cross.device)
    past = cross.new_zeros(count, cross.shape[1], 2, 0, cross.shape[-1])
    ended = torch.zeros(count, dtype=torch.bool, device=cross.device)
    for position in range(longest):
        scores, past = captioner.step(ids[:, -1:], torch.tensor([position], device=cross.device), past, cross, share)
        scores[:, [PAD, BOS, UNKNOWN]] = -math.inf
        if temperature > 0:
            # The Gumbel-max trick: cheaper than drawing from thousands of probabilities.
            scores = scores / temperature - torch.empty_like(scores).exponential_().log_()
        chosen = scores.argmax(1, keepdim=True)
        ids = torch.cat([ids, chosen.masked_fill(ended[:, None], PAD)], 1)
        ended |= chosen[:, 0] == EOS
        if ended.all():
            break
    return ids


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common_arguments(parser)
    parser.add_argument("--minutes", type=float, help="wall-clock time (default: from the configuration)")
    arguments = parser.parse_args()
    everything = prepare(arguments)
    config, where = everything["reward"], device()
    minutes, longest = arguments.minutes or config["minutes"], everything["max_tokens"]
    cached, tokenizer = load_cached_tokens(arguments.work), load_tokenizer(arguments.work)
    captions = CaptionIds(cached.captions, tokenizer, longest)
    tasks = LanguageTasks(everything).to(where)
    captioner = tasks.captioner
    saved = torch.load(arguments.work / "caption.pt", weights_only=True, map_location=where)
    captioner.load_state_dict(saved["captioner"])
    # The choice of tokens stays as it is.
    for parameter in captioner.selector.parameters():
        parameter.requires_grad_(False)
    optimizer = torch.optim.AdamW([p for p in captioner.parameters() if p.requires_grad], config["learning_rate"],
                                  weight_decay=0.0)
    training, held_back = cached.numbers("train", "photo"), cached.numbers("held_back", "photo")
    scenes = cached.numbers("train", "scene", "labelled")
    train_scorer = CiderD([cached.captions[number] for number in training])
    held_scorer = CiderD([cached.captions[number] for number in held_back])
    references = {int(number): [train_scorer.vector(words(caption)) for caption in cached.captions[number]]
                  for number in training}
    held_references = {int(number): [held_scorer.vector(words(caption)) for caption in cached.captions[number]]
                       for number in held_back}

    def texts(ids: Tensor) -> list[list[str]]:
        return [words(tokenizer.decode([piece for piece in row if piece > UNKNOWN])) for row in ids.tolist()]

    def held_back_score() -> float:
        captioner.eval()
        scores = []
        with torch.inference_mode():
            for part in np.array_split(held_back, max(1, len(held_back) // 100)):
                tokens = cached.batch(part, np.zeros(len(part), int)).to(where)
                share = keep_share(captioner.need(tokens), False)
                found = texts(speak(captioner, captioner.prefix(tokens, share=share), share, longest, 0.0))
                scores += [held_scorer.score(text, held_references[int(number)]) for text, number in zip(found, part)]
        return float(np.mean(scores))

    # Without dropout: what is sampled is what is learned from.
    best, step, shown, start = held_back_score(), 0, 0.0, time.time()
    print(f"held back {best:.4f}", flush=True)
    samples, temperature = config["samples"], config["temperature"]
    while True:
        progress = (time.time() - start) / (60 * minutes)
        if progress >= 1 or (step and step % CHECK_EVERY == 0):
            score = held_back_score()
            print(f"step {step}  {progress * minutes:.1f} min  sampled {shown:.3f}  held back {score:.4f}", flush=True)
            if score > best:
                best = score
                torch.save({"captioner": captioner.state_dict()}, arguments.work / "caption.pt")
        if progress >= 1:
            break
        optimizer.param_groups[0]["lr"] = config["learning_rate"] * min(1, (step + 1) / 20) * (1 - 0.9 * progress)
        numbers = np.sort(np.random.choice(training, config["batch"], replace=False))
        tokens = cached.batch(numbers, np.random.randint(0, 2, len(numbers))).to(where)
        share = None if step % 3 == 2 else keep_share(captioner.need(tokens), False).detach()
        cross = captioner.prefix(tokens, share=share).repeat_interleave(samples, 0)
        each = None if share is None else share.repeat_interleave(samples, 0)
        ids = speak(captioner, cross.detach(), each, longest, temperature)
        rewards = torch.tensor([train_scorer.score(text, references[int(number)])
                                for text, number in zip(texts(ids), np.repeat(numbers, samples))], device=where)
        rewards = rewards.view(-1, samples)
        others = (rewards.sum(1, keepdim=True) - rewards) / (samples - 1)
        advantage = (rewards - others).flatten()
        wanted = ids[:, 1:]
        keep = wanted != PAD
        hidden = captioner(cross, ids[:, :-1], each)
        likely = (captioner.logits(hidden[keep]) / temperature).log_softmax(-1).gather(1, wanted[keep][:, None])[:, 0]
        loss = -(advantage[:, None].expand(keep.shape)[keep] * likely).sum() / keep.sum()
        human = np.concatenate([numbers[:config["batch"] // 2],
                                np.random.choice(scenes, config["batch"] // 4)]) if len(scenes) else numbers
        tokens = cached.batch(human, np.zeros(len(human), int)).to(where)
        share = None if step % 3 == 2 else keep_share(captioner.need(tokens), False).detach()
        loss = loss + config["language_share"] * tasks.caption_loss(
            tokens, captions.for_captioner(human, 2).to(where), None, share)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(captioner.parameters(), 1.0)
        optimizer.step()
        step += 1
        shown = 0.95 * shown + 0.05 * rewards.mean().item() if shown else rewards.mean().item()


if __name__ == "__main__":
    main()
