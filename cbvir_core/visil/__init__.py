"""Similarity of whole videos: ViSiL (ICCV 2019), trained by S2VS, on regions of the filter's maps.

Nothing here imports torch, apart from the conversion of the regions' network.
"""

from cbvir_core.visil.binary import BinaryRegions, binarised, binary_similarities
from cbvir_core.visil.coarse import CoarseStudent
from cbvir_core.visil.comparator import Comparator
from cbvir_core.visil.model import BUILTIN_VISIL, VISIL_ARCHITECTURE, VisilModel
from cbvir_core.visil.regions import RegionWhitening, attended, attention_weights
from cbvir_core.visil.selector import Selector, selected
from cbvir_core.visil.similarity import chamfer, one_way_chamfer
from cbvir_core.visil.students import ShortVideo, VideoStudents

__all__ = [
    "BUILTIN_VISIL",
    "VISIL_ARCHITECTURE",
    "BinaryRegions",
    "CoarseStudent",
    "Comparator",
    "RegionWhitening",
    "Selector",
    "ShortVideo",
    "VideoStudents",
    "VisilModel",
    "attended",
    "attention_weights",
    "binarised",
    "binary_similarities",
    "chamfer",
    "one_way_chamfer",
    "selected",
]
