# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""One sentence for a value that is not among the choices, and for options that are unknown."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


def require_choice(
    what: str,
    value: Any,
    choices: Iterable[Any],
    alternative: str = '',
    error: type[Exception] = ValueError,
) -> None:
    """Refuse a value that is not among the choices: ``what`` is the option, for the message."""
    choices = list(choices)
    if not any(value is each or value == each for each in choices):
        names = ', '.join(map(str, choices))
        raise error(f'{what} is {value!r}; use one of {names}{alternative and ", " + alternative}.')


def require_known(
    what: str,
    given: Iterable[str],
    known: Iterable[str],
    error: type[Exception] = ValueError,
) -> None:
    """Refuse names of options that are unknown, and suggest the nearest one."""
    known = list(known)
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, 1)
            guess = f' Did you mean {near[0]!r}?' if near else ''
            names = ', '.join(known) or 'none'
            raise error(f'{what} has no option {name!r}; the options are {names}.{guess}')
