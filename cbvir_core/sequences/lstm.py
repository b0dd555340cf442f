"""A long short-term memory of one layer, in numpy: the last hidden state of sequences."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from cbvir_core.types import Floats

LSTM_PARTS = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
"""The tensors of a layer, by the names that torch gives them."""


class LongShortTermMemory:
    """One layer with the weights of ``torch.nn.LSTM`` (Hochreiter and Schmidhuber, 1997).  Thread-safe.

    ``weight_ih_l0`` is 4H x D, ``weight_hh_l0`` 4H x H, the biases 4H: H units each of the input gate, the
    forget gate, the cell and the output gate.  Raise ValueError where the shapes do not fit together.
    """

    def __init__(self, tensors: Mapping[str, Floats]) -> None:
        missing = [name for name in LSTM_PARTS if name not in tensors]
        if missing:
            raise ValueError(f"the LSTM lacks {', '.join(missing)}")
        from_input, from_state, *biases = (np.asarray(tensors[name], np.float32) for name in LSTM_PARTS)
        rows = 4 * (len(from_input) // 4)
        wanted = ((rows, from_input.shape[-1]), (rows, rows // 4), (rows,), (rows,))
        if not rows or tuple(part.shape for part in (from_input, from_state, *biases)) != wanted:
            raise ValueError("the tensors of the LSTM do not fit together")
        self._from_input, self._from_state = np.ascontiguousarray(from_input.T), from_state.T.copy()
        self._bias = biases[0] + biases[1]
        self.inputs, self.units = int(from_input.shape[1]), rows // 4

    def last_state(self, sequences: Floats) -> Floats:
        """Return the hidden state after the last step, N x H, of N x T x D sequences; zeros for T = 0."""
        count, steps, _ = sequences.shape
        hidden = np.zeros((count, self.units), np.float32)
        cell = np.zeros_like(hidden)
        given = sequences.reshape(count * steps, self.inputs) @ self._from_input + self._bias
        given = given.reshape(count, steps, 4 * self.units)
        for step in range(steps):
            taken, kept, new, shown = np.split(given[:, step] + hidden @ self._from_state, 4, axis=1)
            cell = _sigmoid(kept) * cell + _sigmoid(taken) * np.tanh(new)
            hidden = _sigmoid(shown) * np.tanh(cell)
        return hidden


def _sigmoid(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the logistic function; by the hyperbolic tangent, so that nothing overflows."""
    found: npt.NDArray[np.float32] = 0.5 * np.tanh(0.5 * values) + 0.5
    return found
