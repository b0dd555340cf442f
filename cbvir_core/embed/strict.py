"""Loading tensors into a network exactly, with a sentence where they do not fit."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from cbvir_core.errors import WeightsMismatch

_COUNTER = ".num_batches_tracked"  # training's own; older checkpoints lack it


def load_exactly(network: nn.Module, state: Mapping[str, Tensor], name: str) -> None:
    """Every tensor of the network from `state`, no other tensor in it.  Raises WeightsMismatch."""
    own = network.state_dict()
    faults = {
        "is missing": [key for key in own if key not in state and not key.endswith(_COUNTER)],
        "does not belong": [key for key in state if key not in own],
        "has another shape": [key for key in own if key in state and own[key].shape != state[key].shape],
    }
    for fault, keys in faults.items():
        if keys:
            others = f", and {len(keys) - 1} more" if len(keys) > 1 else ""
            raise WeightsMismatch(f"these are not the weights of {name}: {keys[0]} {fault}{others}")
    network.load_state_dict(own | dict(state))
