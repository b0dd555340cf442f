"""The torch network of region descriptors: maps of the filter's network, pooled to a grid.

Importing this module imports torch.  `cbvir_core.visil.region_encoder` does so only to convert the network.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from cbvir_core.errors import WeightsMismatch

GRID = 3
"""Cells on each side of a frame (ViSiL, Kordopatis-Zilos et al., ICCV 2019, section 3.1): nine regions."""


class RegionNetwork(nn.Module):
    """Pictures to region descriptors: N x 3 x H x W, normalised -> N x 9 x C, unit rows, row by row.

    The maps behind each of `blocks` are pooled by their maximum to 3 x 3 cells and L2-normalised by
    themselves; together they are normalised again (section 3.1, after iMAC).  C is the sum of their channels.
    `features` is a sequence of blocks, as the filter has it; what lies behind the last block wanted is left
    out.  Raise WeightsMismatch where it has no such block.
    """

    def __init__(self, features: nn.Module, blocks: Sequence[int]) -> None:
        super().__init__()
        wanted = sorted(set(blocks))
        if (
            not isinstance(features, nn.Sequential)
            or not wanted
            or not 0 <= wanted[0] <= wanted[-1] < len(features)
        ):
            raise WeightsMismatch(f"the network of the regions has no blocks {', '.join(map(str, wanted))}")
        self.features = features[: wanted[-1] + 1]
        self.blocks = tuple(wanted)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the region descriptors of pictures."""
        parts, maps = [], pictures
        for number, block in enumerate(self.features):
            maps = block(maps)
            if number in self.blocks:
                cells = F.adaptive_max_pool2d(maps.float(), GRID).flatten(2).transpose(1, 2)
                parts.append(F.normalize(cells, dim=-1))
        return F.normalize(torch.cat(parts, dim=-1), dim=-1)
