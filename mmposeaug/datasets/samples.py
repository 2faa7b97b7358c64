# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What a dataset config holds, and what a sample tells of its image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def image_name(paths: str | Sequence[str] | None, middle: bool = False) -> str | None:
    """Name of one image of a sample.

    Example:
        >>> image_name(['1.jpg', '2.jpg', '3.jpg']), image_name('1.jpg'), image_name([])
        ('1.jpg', '1.jpg', None)
    """
    if paths is None or isinstance(paths, str):
        return paths
    return str(paths[len(paths) // 2 if middle else 0]) if len(paths) else None


def camera_image_size(sample: Any, dataset: Any) -> tuple[float, float] | None:
    """Return width and height in pixels as a sample's camera tells them; None without one."""
    camera = sample.get('camera_param', None)
    name = image_name(sample.get('target_img_path', None))
    if camera is None and name is not None and getattr(dataset, 'camera_param', None):
        try:
            camera = dataset.get_camera_param(name)
        except (KeyError, ValueError, NotImplementedError):  # no such camera, or no such name
            camera = None
    if camera is None or 'w' not in camera or 'h' not in camera:
        return None
    return float(camera['w']), float(camera['h'])


def inner_dataset(dataset: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first plain dataset config in a repeated or joined one, with the pipeline it goes by."""
    inner = dataset['datasets'][0] if 'datasets' in dataset else dataset.get('dataset')
    if inner is None:
        return dataset
    found = dict(inner_dataset(inner))
    if dataset.get('pipeline'):
        found['pipeline'] = dataset['pipeline']
    return found
