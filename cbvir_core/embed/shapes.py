"""Shapes of networks, which both ways to build them share: torch's and OpenVINO's own."""

from __future__ import annotations

VIEW_WINDOWS = ((3, 3),)
"""Side and step of the windows of a feature map, in cells: of the built-in filter's 6 x 6 cells nine windows
of a third and four of half the picture's sides."""

ATTENDED_BLOCKS = {13: ("soa4", 96), 17: ("soa5", 320)}
"""Blocks of MobileNetV2 with attention behind them: the attention's name, and its channels."""

GEM_EPS = 1e-6
"""Features below count as this much in GeM, as in the published networks."""

RESNET_OF_BLOCKS = {
    (2, False): "resnet18",
    (6, False): "resnet34",
    (6, True): "resnet50",
    (23, True): "resnet101",
    (36, True): "resnet152",
}
"""ResNets by the blocks of conv4_x, and whether these are bottlenecks (He et al., CVPR 2016, Table 1)."""
