# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Checks of the options of random augmentors."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any


def refuse_unknown(cls: type, base: type, given: Iterable[str], owner: str) -> None:
    """Refuse options that neither a class nor its base has."""
    known = inspect.signature(base).parameters
    for name in given:
        if name not in known:
            own = list(inspect.signature(cls).parameters)[:-1]
            raise ValueError(
                f'{owner} has no option {name!r}; the options are '
                f'{", ".join(dict.fromkeys([*own, *known]))}.'
            )


def check_shares(owner: str, **shares: Any) -> None:
    """Refuse what is no share."""
    for name, share in shares.items():
        if not (isinstance(share, (int, float)) and 0 <= share <= 1):
            raise ValueError(f'{owner}: {name} is {share!r}; it is a share between 0 and 1.')
