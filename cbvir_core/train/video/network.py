"""The network that is trained: attention and comparator in torch, over whitened regions."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from cbvir_core.types import Floats
from cbvir_core.visil import VisilModel
from cbvir_core.visil.comparator import CHANNELS, COMPARATOR_LAYERS

PASSED_GAIN, PASSED_OFFSET = 5.0, -0.5
"""What the last layer makes of a frame similarity at the start: attention halves both regions, so that equal
frames have about a quarter, which becomes .75."""

FRESH_NOISE = 0.1
"""Share of the usual random weights of the last layer that it starts with."""


class ComparatorNetwork(nn.Module):
    """The comparator that `cbvir_core.visil.Comparator` computes: P x N x M -> P x N/4 x M/4, not clipped.

    At the start it hands the matrix on, pooled, beside random features; so the first steps begin at the plain
    chamfer similarity and not at noise.
    """

    def __init__(self, gain: float = PASSED_GAIN, offset: float = PASSED_OFFSET) -> None:
        super().__init__()
        self.conv1, self.conv2, self.conv3 = (
            nn.Conv2d(before, behind, 3) for before, behind in pairwise(CHANNELS)
        )
        self.out = nn.Conv2d(CHANNELS[-1], 1, 1)
        with torch.no_grad():
            for layer in (self.conv1, self.conv2, self.conv3):
                layer.weight[0] = 0.0
                layer.weight[0, 0, 1, 1] = 1.0
                layer.bias[0] = 0.0  # type: ignore[index]
            self.out.weight *= FRESH_NOISE
            self.out.weight[0, 0] = gain
            self.out.bias.fill_(offset)  # type: ignore[union-attr]

    def forward(self, matrices: Tensor) -> Tensor:
        """Return the compared matrices, which may leave [-1, 1]."""
        maps = matrices[:, None]
        for number, layer in enumerate((self.conv1, self.conv2, self.conv3)):
            # One more pixel of the edge itself: with a border of one that is symmetric padding.
            padded = F.pad(maps, (1, 1, 1, 1), mode="replicate")
            maps = F.relu(F.conv2d(padded, symmetric(layer.weight), layer.bias))
            if number < 2:
                maps = F.max_pool2d(maps, 2, ceil_mode=True)
        compared: Tensor = self.out(maps)
        return compared[:, 0]

    def tensors(self) -> dict[str, Floats]:
        """Return the tensors that `cbvir_core.visil.Comparator` takes, with symmetric kernels."""
        found = {}
        for name in COMPARATOR_LAYERS:
            layer = getattr(self, name)
            found[f"{name}.weight"] = symmetric(layer.weight).detach().float().cpu().numpy()
            found[f"{name}.bias"] = layer.bias.detach().float().cpu().numpy()
        return found


def symmetric(kernel: Tensor) -> Tensor:
    """Return a kernel that is its own transpose, so that the order of two videos makes no difference."""
    return (kernel + kernel.mT) / 2


class VideoSimilarityNetwork(nn.Module):
    """Whitened regions of V videos to their similarities."""

    def __init__(self, dims: int) -> None:
        super().__init__()
        self.context = nn.Parameter(F.normalize(torch.randn(dims), dim=0))
        self.comparator = ComparatorNetwork()

    def attended(self, rows: Tensor) -> Tensor:
        """Return unit rows, ... x D, each times its attention weight (ViSiL, equation 4)."""
        weights = rows @ F.normalize(self.context, dim=0) / 2 + 0.5
        return rows * weights[..., None]

    @classmethod
    def of(cls, model: VisilModel) -> VideoSimilarityNetwork:
        """Return the network of a weight file."""
        network = cls(model.whitening.dim)
        state = {f"comparator.{name}": value for name, value in model.part("comparator.").items()}
        state["context"] = model.context
        network.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
        return network

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return the similarities, V x V in [-1, 1], of regions V x T x 9 x D, and by how much in all the
        compared matrices left [-1, 1].

        Every pair is compared once, in one order; symmetric kernels make the other one equal.
        """
        first, second = torch.triu_indices(len(rows), len(rows))
        compared = self.comparator(frame_matrices(self.attended(rows)))
        beyond = F.relu(compared.abs() - 1.0).sum()
        found = chamfer_of(compared.clamp(-1.0, 1.0))
        similarities = torch.empty(len(rows), len(rows), dtype=found.dtype)
        similarities[first, second] = found
        similarities[second, first] = found
        return similarities, beyond


def frame_matrices(rows: Tensor) -> Tensor:
    """Return the frame similarities of each pair of V videos, as `torch.triu_indices` orders them.

    `rows` is V x T x R x D; P x T x T as `cbvir_core.align.frame_similarities` computes them.
    """
    videos, frames, regions, _ = rows.shape
    flat = rows.flatten(1, 2)
    found = []
    for video in range(videos):
        pairs = flat[video] @ flat[video:].transpose(1, 2)  # pairs x (T R) x (T R)
        cells = pairs.view(-1, frames, regions, frames, regions)
        there = cells.amax(dim=4).mean(dim=2)
        back = cells.amax(dim=2).mean(dim=3)
        found.append((there + back) / 2)
    return torch.cat(found)


def chamfer_of(matrices: Tensor) -> Tensor:
    """Return the symmetric chamfer similarity of each of P matrices, P x N x M -> P."""
    return (matrices.amax(dim=2).mean(dim=1) + matrices.amax(dim=1).mean(dim=1)) / 2
