"""The students of DnS in torch: a fine one of bits, a coarse one of one vector, and the selector."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from cbvir_core.train.video.network import ComparatorNetwork, chamfer_of, frame_matrices
from cbvir_core.train.video.recipe import StudentSizes
from cbvir_core.types import Floats
from cbvir_core.visil.coarse import HEADS
from cbvir_core.visil.selector import LEAST_COARSE, SELECTOR_WIDTHS

SOFTNESS = 8.0
"""Steepness of the function whose gradient stands for that of the sign: projections are small."""

BINARY_GAIN, BINARY_OFFSET = 2.0, -0.75
"""What the fine student's last layer makes of a frame similarity at the start; equal bits have 1."""


class BinaryStudent(nn.Module):
    """The fine student: signs of a learnt projection, chamfer similarity, and a comparator of its own."""

    def __init__(self, dims: int, bits: int) -> None:
        super().__init__()
        blocks = [nn.init.orthogonal_(torch.empty(dims, dims)) for _ in range(-(-bits // dims))]
        self.projection = nn.Parameter(torch.cat(blocks)[:bits])
        self.comparator = ComparatorNetwork(BINARY_GAIN, BINARY_OFFSET)

    def forward(self, rows: Tensor) -> Tensor:
        """Return the similarity of each pair, as `torch.triu_indices` orders them, of V x T x 9 x D."""
        projected = rows @ self.projection.T
        soft = torch.tanh(SOFTNESS * projected)
        signs = soft + (torch.sign(projected) - soft).detach()
        compared = self.comparator(frame_matrices(signs * len(self.projection) ** -0.5))
        return chamfer_of(compared.clamp(-1.0, 1.0))


class VectorStudent(nn.Module):
    """The coarse student, V x T x 9 x D -> V x D', as `cbvir_core.visil.CoarseStudent` computes it.

    `centres` are those of NetVLAD, `hidden` the width inside the transformer layer.
    """

    def __init__(self, dims: int, centres: int, hidden: int, reduced: int) -> None:
        super().__init__()
        self.context = nn.Parameter(F.normalize(torch.randn(dims), dim=0))
        self.norm0, self.norm1, self.norm2 = (nn.LayerNorm(dims) for _ in range(3))
        self.attention, self.mixed = nn.Linear(dims, 3 * dims), nn.Linear(dims, dims)
        self.hidden, self.shown = nn.Linear(dims, hidden), nn.Linear(hidden, dims)
        self.assignment = nn.Linear(dims, centres)
        self.centres = nn.Parameter(0.1 * torch.randn(centres, dims))
        self.reduction = nn.Linear(centres * dims, reduced)

    def forward(self, rows: Tensor) -> Tensor:
        """Return the unit vector of each video."""
        weights = rows @ F.normalize(self.context, dim=0) / 2 + 0.5
        frames = self.norm0((rows * weights[..., None]).sum(dim=2))
        query, key, value = (
            part.unflatten(2, (HEADS, -1)).transpose(1, 2) for part in self.attention(frames).chunk(3, dim=2)
        )
        seen = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        frames = self.norm1(frames + self.mixed(seen))
        frames = self.norm2(frames + self.shown(F.relu(self.hidden(frames))))
        shares = torch.softmax(self.assignment(frames), dim=2)
        residuals = shares.transpose(1, 2) @ frames - shares.sum(dim=1)[:, :, None] * self.centres
        gathered = F.normalize(residuals / rows.shape[1], dim=2).flatten(1)
        return F.normalize(self.reduction(gathered), dim=1)


FIRST_GAIN, FIRST_POWER = 0.8, 2.5
"""What the scale of the coarse similarity begins with: near what least squares gave for a first training."""


class SelectorNetwork(nn.Module):
    """The selector, as `cbvir_core.visil.Selector` computes it, without the last sigmoid."""

    def __init__(self) -> None:
        super().__init__()
        sizes = pairwise(SELECTOR_WIDTHS)
        self.layer1, self.layer2, self.layer3 = (nn.Linear(before, behind) for before, behind in sizes)
        self.gain, self.power = (nn.Parameter(torch.tensor(value)) for value in (FIRST_GAIN, FIRST_POWER))

    def as_fine(self, coarse: Tensor) -> Tensor:
        """Return which fine similarity to expect of P pairs, as `cbvir_core.visil.Selector` does."""
        return self.gain * coarse.clamp(LEAST_COARSE, 1.0) ** self.power

    def forward(self, first: Tensor, second: Tensor, coarse: Tensor) -> Tensor:
        """Return a logit for each of P pairs: two self-similarities and the coarse similarity."""
        values = torch.stack([torch.maximum(first, second), torch.minimum(first, second), coarse], dim=1)
        found: Tensor = self.layer3(F.relu(self.layer2(F.relu(self.layer1(values)))))
        return found[:, 0]


STUDENT_PARTS = ("fine.", "coarse.", "selector.")
"""How the names of the students' tensors begin in a weight file."""


class StudentsNetwork(nn.Module):
    """The three together; they learn side by side and share no weight."""

    def __init__(self, dims: int, sizes: StudentSizes) -> None:
        super().__init__()
        self.fine = BinaryStudent(dims, sizes.bits)
        self.coarse = VectorStudent(dims, sizes.centres, sizes.hidden, sizes.reduced)
        self.selector = SelectorNetwork()

    def tensors(self) -> dict[str, Floats]:
        """Return the tensors that the students in `cbvir_core.visil` take, under their parts' names."""
        found = {f"fine.comparator.{name}": value for name, value in self.fine.comparator.tensors().items()}
        found["fine.projection"] = self.fine.projection.detach().numpy()
        for part in ("coarse", "selector"):
            state = getattr(self, part).state_dict()
            found |= {f"{part}.{name}": value.numpy() for name, value in state.items()}
        return found
