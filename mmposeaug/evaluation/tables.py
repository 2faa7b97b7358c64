# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Markdown tables, which read well in logs and terminals too."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table


def format_table(
    title: str, rows: Mapping[str, Mapping[str, Any]] | Iterable[tuple[str, Mapping[str, Any]]]
) -> str:
    """Text table of named rows that Markdown shows as a table too.

    Args:
        title (str): Heading of the first column, the rows' names.
        rows (Mapping[str, Mapping] | Iterable[tuple[str, Mapping]]): Values by column of each row.
            Columns are those of all rows in the order in which they come up.

    Returns:
        str: The table, lines separated by newlines. Numbers are at the right, with two decimals
        from 1 on, below with four digits; a value that a row lacks is a dash.

    Example:
        >>> print(format_table('set', {'dev': dict(MPJPE=52.123), 'test': dict(MPJPE=9, n=3)}))
        | set  | MPJPE | n |
        |------|-------|---|
        | dev  | 52.12 | - |
        | test |     9 | 3 |
    """
    named = list(rows.items() if isinstance(rows, Mapping) else rows)
    columns = list(dict.fromkeys(column for _, row in named for column in row))
    table = Table(title, box=box.MARKDOWN)
    for column in columns:
        words = any(isinstance(row.get(column), str) for _, row in named)
        table.add_column(column, justify='left' if words else 'right', no_wrap=True)
    for name, row in named:
        table.add_row(name, *(_format(row.get(column)) for column in columns))
    console = Console(file=io.StringIO(), width=500, color_system=None, markup=False)
    console.print(table)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return '\n'.join(line.strip() for line in text.splitlines() if line.strip())


def _format(value: Any) -> str:
    if value is None:
        return '-'
    if isinstance(value, Integral) or not isinstance(value, Real):
        return str(value)
    number = float(value)
    return f'{number:.2f}' if abs(number) >= 1 else f'{number:.4g}'
