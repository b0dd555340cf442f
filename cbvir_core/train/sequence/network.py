"""The LSTM that is trained, and what it is exported as."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from cbvir_core.sequences.lstm import LSTM_PARTS
from cbvir_core.types import Floats


class SequenceNetwork(nn.Module):
    """Standardised features of clips, N x T x D, to their last hidden states, N x H.

    With `actions` classes there is a classifier behind it, with dropout before; it is left out of the weight
    file ("We snip the LSTM model", section IV-B).
    """

    def __init__(self, dim: int, units: int, actions: int = 0, dropout: float = 0.0) -> None:
        super().__init__()
        self.lstm = nn.LSTM(dim, units, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(units, actions) if actions else None

    def forward(self, clips: Tensor) -> Tensor:
        """Return the last hidden states."""
        _, (hidden, _) = self.lstm(clips)
        last: Tensor = hidden[-1]
        return last

    def classify(self, clips: Tensor) -> Tensor:
        """Return the logits of the classes, N x C.  Raise ValueError where there are no classes."""
        if self.classifier is None:
            raise ValueError("this network was made without classes")
        logits: Tensor = self.classifier(self.dropout(self(clips)))
        return logits


def exported_lstm(state: Mapping[str, Tensor]) -> dict[str, Floats]:
    """Return the tensors of the layer from the state of a `SequenceNetwork`, for `sequence_tensors`."""
    return {name: state[f"lstm.{name}"].detach().float().cpu().numpy() for name in LSTM_PARTS}


def drawn_positions(length: int, steps: int, start: float, share: float) -> Tensor:
    """Return `steps` positions, evenly spread over a part of `length` frames, ascending.

    The part begins at the share `start` of the frames and covers `share` of them; start + share is at most 1.
    """
    places = (start + share * (torch.arange(steps) + 0.5) / steps) * length
    return places.floor().long().clamp(0, length - 1)
