"""Pickles of plain data, read without running code that they name.

A pickle is a program that calls the classes and functions it names.  Here it can name only those in
`_NAMES`, and each of them is a stand-in.  Even numpy's own unpickling does not run: crafted types and
arrays of objects can make it reach memory that it should not.  A crafted file can still be slow to read.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

MAX_PICKLE_BYTES = 64_000_000
"""Largest pickle that is read: enough for millions of judged pictures."""

_NUMBERS = re.compile(r"b1|[iu][1248]|f[248]")
_OPCODES = {opcode.code.encode("latin1"): opcode for opcode in pickletools.opcodes}
_PUTS = ("PUT", "BINPUT", "LONG_BINPUT")
_ENCODING = "latin1"  # Python 2 wrote bytes as text


def read_plain_pickle(data: bytes) -> Any:
    """Read a pickle of None, numbers, text, bytes, tuples, lists, dicts, sets and `PlainArray`.

    Raise ValueError, with the reason, where it holds anything else or is damaged.
    """
    if len(data) > MAX_PICKLE_BYTES:
        raise ValueError(f"it has more than {MAX_PICKLE_BYTES // 1_000_000} MB")
    try:
        for name, argument in _opcodes(data):
            # A memo of that many entries would be allocated at once.
            if name in _PUTS and not 0 <= int(argument) <= len(data):
                raise ValueError("it asks for more memory than it can need")
        return _Plain(io.BytesIO(data), encoding=_ENCODING).load()
    except (pickle.UnpicklingError, EOFError, ArithmeticError, MemoryError) as error:
        raise ValueError(str(error) or "it is cut short") from error
    except (TypeError, AttributeError, LookupError, ImportError, RecursionError) as error:
        raise ValueError(f"it is damaged ({error})") from error


class PlainArray:
    """A numpy array of numbers from a pickle; `values` is a writable copy."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: npt.NDArray[Any] = np.zeros(0)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, by_columns, raw = state
        self.values = _array(raw, kind, shape, "F" if by_columns else "C")


class _Kind:
    """Stand-in for the number type of an array."""

    __slots__ = ("code",)

    def __init__(self, code: str) -> None:
        if not isinstance(code, str) or not _NUMBERS.fullmatch(code):
            raise pickle.UnpicklingError(f"it holds an array of {code!r}, not of numbers")
        self.code = code

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] not in ("<", ">", "|", "="):
            raise pickle.UnpicklingError(f"it holds numbers in the byte order {state[1]!r}")
        self.code = state[1] + self.code[-2:]


class _Named:
    """A name that a pickle may use, and call where it has `make`; a pickle cannot change it."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[..., Any] | None) -> None:
        self._make = make

    def __call__(self, *arguments: Any) -> Any:
        if self._make is None:
            raise pickle.UnpicklingError("it calls something that must not be called")
        return self._make(*arguments)

    def __setstate__(self, state: object) -> None:
        raise pickle.UnpicklingError("it tries to change something that it names")


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _NAMES[module.replace("numpy._core", "numpy.core"), name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"it names {module}.{name}; only plain data and arrays of numbers are read"
            ) from None


def _opcodes(data: bytes) -> Iterator[tuple[str, Any]]:
    """Yield the operations of the pickle with their arguments, without executing them."""
    stream = io.BytesIO(data)
    while byte := stream.read(1):
        opcode = _OPCODES.get(byte)
        if opcode is None:
            raise ValueError(f"it is not a pickle, or damaged at byte {stream.tell() - 1}")
        if opcode.name == "STRING":  # pickletools expects ASCII here, but Python 2 kept bytes in it
            yield opcode.name, stream.readline()
        else:
            yield opcode.name, opcode.arg.reader(stream) if opcode.arg else None
        if opcode.name == "STOP":
            return


def _array(raw: Any, kind: Any, shape: Any, order: Any) -> npt.NDArray[Any]:
    data = raw.encode(_ENCODING) if isinstance(raw, str) else raw
    if not isinstance(data, bytes | bytearray) or not isinstance(kind, _Kind) or order not in ("C", "F"):
        raise pickle.UnpicklingError("it holds an array that is not of numbers")
    dtype = np.dtype(kind.code)
    if not all(isinstance(side, int) and side >= 0 for side in shape):
        raise pickle.UnpicklingError("it holds an array of an impossible shape")
    if math.prod(shape) * dtype.itemsize != len(data):
        raise pickle.UnpicklingError("it holds an array that is cut short")
    return np.frombuffer(bytes(data), dtype).reshape(shape, order=order).copy()


def _reconstruct(*_: Any) -> PlainArray:
    return PlainArray()


def _from_buffer(raw: Any, kind: Any, shape: Any, order: Any) -> PlainArray:
    made = PlainArray()
    made.values = _array(raw, kind, shape, order)
    return made


def _scalar(kind: Any, raw: Any) -> Any:
    return _array(raw, kind, (), "C").item()


def _kind(code: Any, *_: Any) -> _Kind:
    return _Kind(code)


def _encode(text: Any, encoding: Any = _ENCODING) -> bytes:
    if not isinstance(text, str) or encoding != _ENCODING:
        raise pickle.UnpicklingError("it holds text in an odd encoding")
    return text.encode(_ENCODING)


def _no_bytes(*content: Any) -> bytes:
    if content:
        raise pickle.UnpicklingError("it makes bytes in an odd way")
    return b""


def _set(items: Any = ()) -> set[Any]:
    if not isinstance(items, list | tuple):
        raise pickle.UnpicklingError("it makes a set in an odd way")
    return set(items)


def _frozen_set(items: Any = ()) -> frozenset[Any]:
    return frozenset(_set(items))


_NAMES: dict[tuple[str, str], _Named] = {
    ("numpy", "ndarray"): _Named(None),
    ("numpy", "dtype"): _Named(_kind),
    ("numpy.core.multiarray", "_reconstruct"): _Named(_reconstruct),
    ("numpy.core.multiarray", "scalar"): _Named(_scalar),
    ("numpy.core.numeric", "_frombuffer"): _Named(_from_buffer),
    ("_codecs", "encode"): _Named(_encode),  # bytes in the protocols before 3
    ("__builtin__", "bytes"): _Named(_no_bytes),
    ("builtins", "bytes"): _Named(_no_bytes),
    ("__builtin__", "set"): _Named(_set),  # sets in the protocols before 4
    ("builtins", "set"): _Named(_set),
    ("__builtin__", "frozenset"): _Named(_frozen_set),
    ("builtins", "frozenset"): _Named(_frozen_set),
}
