# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What a compatibility check found and did."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Outcome of one compatibility check.

    Args:
        subject: What was looked at, such as ``mmcv._ext``.
        found: What the check saw, in words.
        done: What was changed; empty where nothing had to be.
    """

    subject: str
    found: str
    done: str = ''

    def __str__(self) -> str:
        """One line for the report."""
        return f'{self.subject}: {self.found}; {self.done or "nothing to do"}'
