"""The 3D CNN that 2D CNN + LSTM is compared with (table III).  Importing this module imports torch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

C3D_CHANNELS = ((64,), (128,), (256, 256), (512, 512), (512, 512))
"""Channels of the convolutions between two poolings (Tran et al., ICCV 2015, figure 3)."""

C3D_INPUT = (16, 224, 224)
"""Frames, height and width of a clip (Ravi and Nandakumar, section IV-C)."""

C3D_DROPOUT = 0.25
"""Share that is dropped after the fully connected layer (section IV-C)."""


class C3D(nn.Module):
    """Clips to vectors: N x 3 x T x H x W, normalised -> N x `width`.

    The eight convolutions of 3 x 3 x 3 of C3D, each with a ReLU, and its five poolings, of which the first
    leaves time as it is; then one fully connected layer.  C3D itself has two of 4,096 units; table I says
    that a vector has 256, and the published code shows no such network.  `clip` are the frames, height and
    width that the network is for.  Raise ValueError where the poolings leave nothing of it.
    """

    def __init__(self, width: int = 256, clip: tuple[int, int, int] = C3D_INPUT) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels, size = 3, list(clip)
        for number, block in enumerate(C3D_CHANNELS):
            for out in block:
                layers += [nn.Conv3d(channels, out, 3, padding=1), nn.ReLU(inplace=True)]
                channels = out
            pool = (1 if number == 0 else 2, 2, 2)
            layers.append(nn.MaxPool3d(pool))
            size = [side // step for side, step in zip(size, pool, strict=True)]
        if min(size) < 1:
            raise ValueError(f"a clip of {clip} is too small for the poolings of C3D")
        self.features = nn.Sequential(*layers)
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Linear(channels * size[0] * size[1] * size[2], width),
            nn.ReLU(),
            nn.Dropout(C3D_DROPOUT),
        )

    def forward(self, clips: Tensor) -> Tensor:
        """Return the vectors of clips."""
        described: Tensor = self.head(self.features(clips))
        return described


def blank_clip() -> Tensor:
    """Return one clip of zeros of the size that table III is measured with: 1 x 3 x 16 x 224 x 224."""
    return torch.zeros(1, 3, *C3D_INPUT)
