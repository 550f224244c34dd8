"""Muon (Jordan et al. 2024): momentum whose update is made nearly orthogonal by five Newton-Schulz steps. torch's own
runs them in bfloat16, which a CPU without bfloat16 arithmetic does twenty times slower."""
import torch
from torch import Tensor

STEPS = 5
A, B, C = 3.4445, -4.7750, 2.0315


def orthogonal(update: Tensor) -> Tensor:
    """The polar factor of [m, n], to within a factor near 1 of each singular value."""
    tall = update.shape[0] > update.shape[1]
    x = update.T if tall else update
    x = x / (x.norm() + 1e-7)
    for _ in range(STEPS):
        gram = x @ x.T
        x = A * x + (B * gram + C * gram @ gram) @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """For matrices, and for convolutions, which are taken as matrices with a row an output channel. Steps are scaled to the root-mean-square size of AdamW's (Liu et al. 2025, "Muon is scalable
    for LLM training"), so rates and decay mean what they mean there."""

    def __init__(self, parameters: list[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.0):
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if not state:
                    state["momentum"] = torch.zeros_like(parameter)
                state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
                update = parameter.grad.lerp(state["momentum"], group["momentum"])
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                matrix = update.flatten(1)
                parameter.add_(orthogonal(matrix).view_as(parameter),
                               alpha=-0.2 * group["lr"] * max(matrix.shape) ** 0.5)
