# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What our datasets keep of metainfo that MMPose's drop."""

from __future__ import annotations

from typing import Any

from mmpose.datasets import BaseMocapDataset

from .metainfo import said_options


class KeepsTree(BaseMocapDataset):
    """A dataset whose ``metainfo`` has the options of its tree, whoever builds it."""

    @classmethod
    def _load_metainfo(cls, metainfo: dict[str, Any] | None = None) -> dict[str, Any]:
        """Parse metainfo as MMPose does, and keep the options of the tree."""
        return {
            **super()._load_metainfo(metainfo),
            **said_options(metainfo or cls.METAINFO),
        }
