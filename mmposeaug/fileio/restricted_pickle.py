# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Pickles of numpy data in builtin containers; whatever else a pickle names is refused.

Objects are admitted by name. That alone is not enough for numpy's types: their states could claim
that plain bytes are Python objects, so they are compared with what numpy itself would write.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Sequence
from functools import partial
from typing import IO, Any, Callable

import numpy as np


class RefusedError(pickle.UnpicklingError):
    """The pickle names something that is not numpy data."""


MAX_KEY_DEPTH = 8
"""int: Tuples in keys are nested no deeper; hashing deep ones ends the process."""


class _NdarrayName:
    """Stands for ``numpy.ndarray``, which pickles name but need not call."""


_NUMPY_ROOTS = ('numpy.core', 'numpy._core')  # the module names of numpy 1 and 2
_RECONSTRUCT: Any = np.zeros(1).__reduce__()[0]
_SCALAR: Any = np.float64(0).__reduce__()[0]


def _encode_latin1(text: str, encoding: str = 'latin1') -> bytes:
    """What old pickles call ``_codecs.encode`` for: raw array bytes kept as latin-1 text."""
    if encoding != 'latin1':
        raise RefusedError(f'bytes are encoded as {encoding!r}, only latin1 is admitted')
    return text.encode('latin1')


def _frombuffer(buffer: Any, dtype: Any, shape: Sequence[int], order: str = 'C') -> np.ndarray:
    """The protocol-5 form of an array."""
    return np.frombuffer(buffer, dtype=dtype).reshape(shape, order=order)  # type: ignore


def _empty_array(kind: Any, shape: Any, dtype: Any) -> np.ndarray:
    """An array whose content follows."""
    if kind is not _NdarrayName:
        raise RefusedError(f'it makes an array of the type {kind!r}')
    return _RECONSTRUCT(np.ndarray, (0,), b'b')


def _plain_dtype(text: Any, align: bool = False, copy: bool = False) -> np.dtype:
    """A type without fields, a copy that may get another byte order."""
    if not isinstance(text, str):
        raise RefusedError(f'it has the array type {text!r}')
    dtype = np.dtype(text, copy=True)
    if dtype.fields is not None or dtype.subdtype is not None:
        raise RefusedError(f'it has the array type {text!r}')
    return dtype


def _plain_bytes(kind: type, *args: Any) -> Any:
    """Bytes that the file holds; a number would make as many zeros."""
    if any(isinstance(each, int) for each in args):
        raise RefusedError(f'it makes {kind.__name__} of a number')
    return kind(*args)


def _check_key(key: Any, depth: int = 0) -> None:
    """Refuse keys and members of sets whose hash would go deeper than any data's."""
    if isinstance(key, (tuple, frozenset)):
        if depth == MAX_KEY_DEPTH:
            raise RefusedError('a key or a member of a set is nested too deeply')
        for each in key:
            _check_key(each, depth + 1)


def _set_of(kind: type, members: Any = ()) -> Any:
    for each in members:
        _check_key(each)
    return kind(members)


_BUILTINS: dict[str, Callable[..., Any]] = {
    'set': partial(_set_of, set),
    'frozenset': partial(_set_of, frozenset),
    'complex': complex,
    'bytes': partial(_plain_bytes, bytes),
    'bytearray': partial(_plain_bytes, bytearray),
}
_ADMITTED: dict[tuple[str, str], Callable[..., Any]] = {
    ('numpy', 'ndarray'): _NdarrayName,
    ('numpy', 'dtype'): _plain_dtype,
    ('_codecs', 'encode'): _encode_latin1,
    ('collections', 'OrderedDict'): OrderedDict,
    **{(module, k): v for module in ('builtins', '__builtin__') for k, v in _BUILTINS.items()},
    **{(f'{root}.multiarray', '_reconstruct'): _empty_array for root in _NUMPY_ROOTS},
    **{(f'{root}.multiarray', 'scalar'): _SCALAR for root in _NUMPY_ROOTS},
    **{(f'{root}.numeric', '_frombuffer'): _frombuffer for root in _NUMPY_ROOTS},
}


# The C unpickler cannot be stopped before a state is set; a few hundred arrays need no speed.
_PythonUnpickler: Any = pickle._Unpickler


class _NumpyUnpickler(_PythonUnpickler):
    """Unpickler for numpy data in builtin containers; everything else is refused."""

    dispatch = dict(_PythonUnpickler.dispatch)

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ADMITTED[(module, name)]
        except KeyError:
            raise RefusedError(f'it names the object {module}.{name}') from None

    def load_build(self) -> None:
        """Set the state of an object after checking it."""
        state, target = self.stack[-1], self.stack[-2]
        if isinstance(target, np.dtype):
            # all but the byte order must be what numpy would say of this type
            expected: Any = target.__reduce__()[2]
            plain = isinstance(state, tuple) and len(state) == len(expected)
            if not plain or state[:1] + state[2:] != expected[:1] + expected[2:]:
                raise RefusedError(f'the state of an array type {target} is {state!r}')
        elif not isinstance(target, np.ndarray):
            raise RefusedError(f'it sets the state of a {type(target).__name__}')
        super().load_build()

    dispatch[pickle.BUILD[0]] = load_build

    def load_setitem(self) -> None:
        _check_key(self.stack[-2])
        super().load_setitem()

    dispatch[pickle.SETITEM[0]] = load_setitem

    def load_setitems(self) -> None:
        for key in self.stack[::2]:
            _check_key(key)
        super().load_setitems()

    dispatch[pickle.SETITEMS[0]] = load_setitems

    def load_dict(self) -> None:
        for key in self.stack[::2]:
            _check_key(key)
        super().load_dict()

    dispatch[pickle.DICT[0]] = load_dict

    def load_additems(self) -> None:
        for member in self.stack:
            _check_key(member)
        super().load_additems()

    dispatch[pickle.ADDITEMS[0]] = load_additems

    def load_frozenset(self) -> None:
        for member in self.stack:
            _check_key(member)
        super().load_frozenset()

    dispatch[pickle.FROZENSET[0]] = load_frozenset


def unpickle_restricted(file: IO[bytes], encoding: str = 'latin1') -> Any:
    """Read one pickle of an open file; RefusedError if it names anything else than admitted."""
    return _NumpyUnpickler(file, encoding=encoding).load()
