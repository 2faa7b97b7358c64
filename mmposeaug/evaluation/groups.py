# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Groups of samples by what their file names say."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

H36M_NAME = r'(?P<subject>[^_.]+)_(?P<action>[^_.]+)[^.]*\.(?P<camera>[^_.]+)_(?P<frame>\d+)'
"""str: Names like ``S1_Walking_1.54138969_000001.jpg``; the action is without its number."""


class NameGroups:
    """Split samples into groups by a part of their file name.

    Args:
        by (Sequence[str]): Named groups of ``pattern`` to split by, each on its own.
        pattern (str): Regular expression that the file name (without folders) starts with.
            Defaults to :data:`H36M_NAME`.

    Raises:
        ValueError: If the pattern is not a regular expression or lacks one of the named groups.

    Example:
        >>> groups = NameGroups(['action'])
        >>> rows = groups.split(['S1_Walk_1.54138969_000001.jpg', 'S1_Sit.54138969_000001.jpg'])
        >>> {action: index.tolist() for action, index in rows['action'].items()}
        {'Sit': [1], 'Walk': [0]}
    """

    def __init__(self, by: Sequence[str], pattern: str = H36M_NAME) -> None:
        self.by = (by,) if isinstance(by, str) else tuple(by)
        try:
            self.pattern = re.compile(pattern)
        except re.error as error:
            raise ValueError(
                f'name_pattern {pattern!r} is not a regular expression: {error}.'
            ) from error
        for key in self.by:
            if key not in self.pattern.groupindex:
                raise ValueError(
                    f'by names {key!r}, but name_pattern has the groups '
                    f'{", ".join(self.pattern.groupindex) or "none"}; add (?P<{key}>...) to it.'
                )

    def split(self, names: Sequence[str | None]) -> dict[str, dict[str, np.ndarray]]:
        """Rows of each group.

        Args:
            names (Sequence[str | None]): File name of each sample, with or without folders.

        Returns:
            dict[str, dict[str, np.ndarray]]: For each of ``by``, sorted group names with the
            indices of their samples. Names that do not match are in no group.
        """
        rows: dict[str, dict[str, list[int]]] = {key: {} for key in self.by}
        for row, name in enumerate(names):
            match = self.pattern.match(_file_name(name)) if name else None
            if match:
                for key in self.by:
                    rows[key].setdefault(match[key] or '', []).append(row)
        return {
            key: {name: np.array(index) for name, index in sorted(found.items())}
            for key, found in rows.items()
        }


def _file_name(path: str) -> str:
    """A name without folders of either system."""
    return path[max(path.rfind('/'), path.rfind('\\')) + 1 :]
