# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Configs of datasets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def inner_dataset(dataset: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first plain dataset config in a repeated or joined one, with the pipeline it goes by."""
    inner = dataset['datasets'][0] if 'datasets' in dataset else dataset.get('dataset')
    if inner is None:
        return dataset
    found = dict(inner_dataset(inner))
    if dataset.get('pipeline'):
        found['pipeline'] = dataset['pipeline']
    return found
