# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Progress of long work: a bar with the time left on a terminal, else a line now and then."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import IO, Any, Callable, TypeVar

from tqdm import tqdm

LINE_SECONDS = 20.0
"""float: Where there is no terminal, a line of progress comes after so many seconds at most."""

Item = TypeVar('Item')
Track = Callable[[Iterable[Any]], Iterable[Any]]
"""Passes items on, one by one, and may show the progress."""


def untracked(items: Iterable[Item]) -> Iterable[Item]:
    """Pass ``items`` on and show nothing."""
    return items


def track(
    items: Iterable[Any] | None = None,
    what: str = '',
    total: float | None = None,
    counts: bool = True,
    done: float = 0,
    seconds: float | None = None,
) -> tqdm:
    """Pass items on and show how far it is and how long it will take, on the error output.

    A terminal gets a bar, which is gone at the end. A log file gets a line every
    :data:`LINE_SECONDS`, and none of what takes less.

    Args:
        items (Iterable, optional): The items. Defaults to None: ``update`` of what is returned
            tells that some are done, and ``close``, or the end of a ``with``, that no more come.
        what (str): What the items are, to stand before the bar. Defaults to nothing.
        total (float, optional): How many there are. Defaults to ``len(items)``, if it has one.
        counts (bool): Whether to show the count too, not just the share that is done. Defaults to
            True. Without it the time left is that of the mean speed.
        done (float): How many were done before. Defaults to 0.
        seconds (float, optional): In place of :data:`LINE_SECONDS`. Defaults to None.

    Returns:
        tqdm: The bar; iterating over it gives the items.
    """
    is_terminal = sys.stderr.isatty()
    seconds = LINE_SECONDS if seconds is None else seconds
    known = total is not None or hasattr(items, '__len__')
    head = '{desc}: ' if what else ''
    count = ('{n_fmt} of {total_fmt}, ' if known else '{n_fmt} done, ') if counts else ''
    share = '{percentage:3.0f} % ' + ('|{bar:30}| ' if is_terminal else 'done, ') if known else ''
    left = 'about {remaining} left' if known else '{elapsed} so far'
    return tqdm(
        items,
        what or None,
        total,
        leave=False,
        file=sys.stderr if is_terminal else _Lines(sys.stderr),
        initial=done,
        mininterval=0.2 if is_terminal else seconds,
        delay=0 if is_terminal else seconds,
        miniters=0 if items is None else None,
        smoothing=0.05 if counts else 0,
        bar_format=head + share + count + left,
    )


def say(line: str) -> None:
    """Print a ``line`` at once, above the bar if there is one."""
    with tqdm.external_write_mode():
        print(line, flush=True)


class _Lines:
    """Takes what would be written over the line before, and writes a line of its own."""

    def __init__(self, file: IO[str]) -> None:
        self.file = file

    def write(self, text: str) -> None:
        """Write a line, if there is anything in it."""
        text = text.strip()
        if text:
            self.file.write(text + '\n')
            self.file.flush()

    def flush(self) -> None:
        """Nothing is kept back."""
