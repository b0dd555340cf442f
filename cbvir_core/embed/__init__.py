"""Pictures to descriptors: networks, preprocessing, runtimes, encoders, and the import of foreign weights.

Nothing here imports torch or OpenVINO until an encoder is made or a foreign weight file is read.
"""

from cbvir_core.embed.conversions import drop_unused
from cbvir_core.embed.encoders import Encoder, NetworkEncoder
from cbvir_core.embed.importing import convert_checkpoint, fetch_profile, import_files
from cbvir_core.embed.protocol import Aggregation, ProtocolEncoder, ReleasedProtocol
from cbvir_core.embed.runtime import RuntimeOptions
from cbvir_core.embed.views import ViewEncoder, ViewRows

__all__ = [
    "Aggregation",
    "Encoder",
    "NetworkEncoder",
    "ProtocolEncoder",
    "ReleasedProtocol",
    "RuntimeOptions",
    "ViewEncoder",
    "ViewRows",
    "convert_checkpoint",
    "drop_unused",
    "fetch_profile",
    "import_files",
]
