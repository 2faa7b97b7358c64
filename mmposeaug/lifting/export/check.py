# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Whether an ONNX model gives the poses that torch gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from .graph import OUTPUT, PixelLifter
from .inputs import ExportSettings, draw_inputs

_MM_PER_METRE = 1000.0


def checked_sizes(settings: ExportSettings) -> list[tuple[int, int]]:
    """Clips and frames of the batches that are compared.

    Returns:
        list[tuple[int, int]]: (B, T) of each; the longest clips in the smallest batch.
    """
    longest = settings.max_frames
    if not settings.frames_are_free:
        return [(1, longest), (3, longest), (64, longest)]
    return [(1, longest), (3, (longest + 1) // 2), (64, 1)]


def start_session(model: bytes) -> Any:
    """Load a model into onnxruntime, on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what it has to say comes as an exception too
    return onnxruntime.InferenceSession(model, options, providers=['CPUExecutionProvider'])


@torch.no_grad()
def compare(module: PixelLifter, settings: ExportSettings, session: Any) -> tuple[float, float]:
    """How far torch and onnxruntime are apart.

    Returns:
        tuple[float, float]: Largest difference of a coordinate in millimetres, NaN if a coordinate
        is; and the largest coordinate of torch in metres, over all of :func:`checked_sizes`.
    """
    rng = np.random.default_rng(0)
    differences, coordinates = [], []
    for batch, frames in checked_sizes(settings):
        given = draw_inputs(settings, batch, frames, rng)
        expected = module(*map(torch.from_numpy, given.values())).numpy()
        (found,) = session.run([OUTPUT], given)
        if found.shape != expected.shape:
            return float('nan'), float('nan')
        differences.append(np.abs(found - expected).max())
        coordinates.append(np.abs(expected).max())
    return float(np.max(differences)) * _MM_PER_METRE, float(np.max(coordinates))
