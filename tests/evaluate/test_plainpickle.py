"""Plain data is read unchanged; anything else is refused before it is called."""

from __future__ import annotations

import os
import pickle
import pickletools
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cbvir_core.evaluate.plainpickle import MAX_PICKLE_BYTES, PlainArray, read_plain_pickle

NUMBERS = st.sampled_from(["?", "i1", "u1", "<i4", ">i4", "<i8", ">u2", "<f4", ">f8", "f2"])
ARRAYS = NUMBERS.flatmap(
    lambda kind: arrays.arrays(np.dtype(kind), arrays.array_shapes(min_dims=0, min_side=0, max_side=4))
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary() | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


def same(read: Any, written: Any) -> bool:
    if isinstance(written, np.ndarray):
        return (
            isinstance(read, PlainArray)
            and read.values.dtype == written.dtype
            and read.values.shape == written.shape
            and read.values.tobytes() == written.tobytes()
        )
    if isinstance(written, list | tuple):
        return type(read) is type(written) and len(read) == len(written) and all(map(same, read, written))
    if isinstance(written, dict):
        return list(read) == list(written) and all(same(read[key], written[key]) for key in written)
    return type(read) is type(written) and read == written


@given(PLAIN, st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_plain_data_comes_back_in_every_protocol(value: Any, protocol: int) -> None:
    assert same(read_plain_pickle(pickle.dumps(value, protocol)), value)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_sets_are_read(protocol: int) -> None:
    value = [{"a", "b"}, frozenset({1}), set(), frozenset()]
    assert read_plain_pickle(pickle.dumps(value, protocol)) == value
    with pytest.raises(ValueError, match="odd way"):
        read_plain_pickle(b"c__builtin__\nset\n(S'ab'\ntR.")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_numpy_numbers_and_arrays_by_columns_are_read(protocol: int) -> None:
    value = [np.int64(-3), np.float32(0.5), np.asfortranarray(np.arange(6).reshape(2, 3))]
    integer, real, array = read_plain_pickle(pickle.dumps(value, protocol))
    assert (integer, real) == (-3, 0.5)
    assert array.values.tolist() == [[0, 1, 2], [3, 4, 5]]
    array.values[0, 0] = 9


def test_an_array_that_python_2_wrote_is_read() -> None:
    data = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(I2\ntcnumpy\ndtype\n"
        b"(S'i2'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\nS'\\x01\\x00\\xff\\x00'\ntb."
    )
    assert read_plain_pickle(data).values.tolist() == [1, 255]


class Runs:
    """An object whose unpickling makes a call, such as writing a file."""

    def __init__(self, call: Any, *arguments: Any) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call, self.arguments


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("hide", [lambda bad: bad, lambda bad: {"gnd": [bad]}, lambda bad: np.array([bad])])
def test_code_in_a_pickle_does_not_run(tmp_path: Path, protocol: int, hide: Any) -> None:
    trace = tmp_path / "trace"
    for bad in (Runs(os.system, f"touch {trace}"), Runs(exec, f"open({str(trace)!r}, 'w')")):
        data = pickle.dumps(hide(bad), protocol)
        with pytest.raises(ValueError, match=r"it names|not of numbers"):
            read_plain_pickle(data)
    assert not trace.exists()
    pickle.loads(pickle.dumps(Runs(os.system, f"touch {trace}")))
    assert trace.exists()  # the same pickle, read as pickles are read


REFUSED = {
    "a class": pickle.dumps(Path("x")),
    "an extension": b"\x80\x02\x82\x01.",
    "a persistent id": b"\x80\x02K\x01Q.",
    "an attribute of numpy": b"cnumpy\nload\n(S'x'\ntR.",
    "a dotted way out": b"\x80\x04\x8c\x05numpy\x8c\x14ndarray.__init_subclass__\x93.",
    "objects": pickle.dumps(np.array([None, {}], dtype=object)),
    "fields": pickle.dumps(np.zeros(2, dtype=[("a", "i4"), ("b", "O")])),
    "text": pickle.dumps(np.array(["a", "b"])),
    "dates": pickle.dumps(np.array(["2020-01-01"], dtype="M8[D]")),
    "cut short": pickle.dumps([1, 2, 3])[:-3],
    "no end": pickle.dumps([1])[:-1],
    "nothing": b"",
    "no pickle": b"\xff\xd8\xff\xe0 a photograph",
    "a list as a key": b"}](K\x01as.",
    "a changed name": b"cnumpy\ndtype\n}(S'_make'\nNub.",
    "a new object": b"\x80\x02cnumpy\nndarray\n)\x81.",
    "called array type": b"cnumpy\nndarray\n(tR.",
    "bytes of a list": b"cbuiltins\nbytes\n(](K\x01atR.",
    "an odd encoding": b"c_codecs\nencode\n(S'a'\nS'rot13'\ntR.",
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_plain_pickle(data)


def test_forged_arrays_are_refused() -> None:
    head = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"
    kind = b"cnumpy\ndtype\n(S'i2'\nI0\nI1\ntR"
    good = head + b"(I1\n(I1\nt" + kind + b"I00\nS'ab'\ntb."
    assert read_plain_pickle(good).values.shape == (1,)
    for bad in (
        good.replace(b"(I1\n(I1\nt", b"(I1\n(I2\nt"),  # longer than its bytes
        good.replace(b"(I1\n(I1\nt", b"(I1\n(I-1\nt"),
        good.replace(b"'i2'", b"'O8'"),
        good.replace(kind, b"S'i2'\n"),
        good.replace(b"S'ab'", b"](K\x01a"),
        good.replace(kind, kind + b"(I3\nS'?'\ntb"),
    ):
        assert bad != good
        with pytest.raises(ValueError, match=r"\w"):
            read_plain_pickle(bad)


def test_a_huge_memo_is_not_allocated() -> None:
    data = b"\x80\x02K\x01r" + struct.pack("<I", 0xFFFFFFF0) + b"."
    assert any(opcode.name == "LONG_BINPUT" for opcode, _, _ in pickletools.genops(data))
    with pytest.raises(ValueError, match="memory"):
        read_plain_pickle(data)
    with pytest.raises(ValueError, match="MB"):
        read_plain_pickle(bytes(MAX_PICKLE_BYTES + 1))


@pytest.mark.filterwarnings("ignore:invalid escape sequence")  # of Python, about a backslash in the noise
@given(st.binary(max_size=60), st.data())
def test_noise_is_refused_or_read_and_never_crashes(noise: bytes, data: st.DataObject) -> None:
    good = pickle.dumps({"imlist": ["a"], "gnd": [{"easy": np.arange(3)}]}, 2)
    at = data.draw(st.integers(0, len(good)))
    for mixed in (noise, good[:at] + noise + good[at + len(noise) :]):
        try:
            read_plain_pickle(mixed)
        except ValueError:
            continue
