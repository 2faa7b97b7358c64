# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""The graph of a lifter with its codec."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .inputs import FRAMES, ExportSettings, draw_inputs

OUTPUT = 'pose_rel'
"""str: Name of the graph's output."""


class PixelLifter(nn.Module):
    """``LifterAdapter.predict`` as a module whose inputs are the graph's."""

    fixed_size: Tensor | None
    fixed_camera: Tensor | None

    def __init__(self, settings: ExportSettings) -> None:
        super().__init__()
        self.adapter = settings.lifter.adapter.unwrapped()
        self.lifter = self.adapter.module  # registers the weights
        self.names = [spec.name for spec in settings.specs]
        self.flip_indices = settings.lifter.skeleton.flip_indices if settings.flip else None
        size = settings.image_size
        fixed = None if size is None else torch.tensor(size, dtype=torch.float32)
        self.register_buffer('fixed_size', fixed)
        camera = settings.camera
        fixed = None if camera is None else torch.tensor(camera, dtype=torch.float32)
        self.register_buffer('fixed_camera', fixed)

    def forward(self, *values: Tensor) -> Tensor:
        """Lift.

        Returns:
            Tensor: Camera-space axes, metres, root at the origin: (B, T', K, 3).
        """
        given = dict(zip(self.names, values))
        if self.fixed_size is not None:
            given['image_size'] = self.fixed_size.expand(values[0].shape[0], 2)
        if self.fixed_camera is not None:
            given['intrinsics'] = self.fixed_camera.expand(values[0].shape[0], 9)
        return self.adapter.predict(**given, flip_indices=self.flip_indices)


def build_graph(module: PixelLifter, settings: ExportSettings, opset: int) -> Any:
    """Export to ONNX, in memory.

    torch's exporter by tracing (``dynamo=False``) is not used: it fixes the batch size where a
    codec makes tensors, as ``ImagePoseLifting`` does.
    """
    # sizes of 1 would be taken for fixed
    frames = min(settings.max_frames, 4) if settings.frames_are_free else settings.max_frames
    example = draw_inputs(settings, 2, frames, np.random.default_rng(0))
    values = tuple(torch.from_numpy(value) for value in example.values())
    free: dict[str, Any] = dict(batch=torch.export.Dim('batch'))
    if settings.frames_are_free:
        free[FRAMES] = torch.export.Dim(FRAMES, max=settings.max_frames)
    shapes = tuple(
        {axis: free[size] for axis, size in enumerate(spec.shape) if isinstance(size, str)}
        for spec in settings.specs
    )
    with torch.no_grad(), warnings.catch_warnings():
        # of torch about its own calls, and that inputs share the name of an axis, as they should
        warnings.simplefilter('ignore')
        module(*values)  # constants that are kept for later are made before tracing, not in it
        program = torch.onnx.export(
            module,
            values,
            dynamo=True,
            input_names=module.names,
            output_names=[OUTPUT],
            dynamic_shapes=(shapes,),
            opset_version=opset,
            verbose=False,
        )
    assert program is not None
    return _without_traces(program.model_proto)


def _without_traces(model: Any) -> Any:
    """The model without torch's notes: they hold paths of this machine, and need a newer ONNX."""
    import onnx

    graph = model.graph
    for item in (graph, *graph.node, *graph.value_info, *graph.input, *graph.output):
        del item.metadata_props[:]
        item.ClearField('doc_string')
    for tensor in graph.initializer:
        del tensor.metadata_props[:]
        tensor.ClearField('doc_string')
    graph.name = 'lifter'
    # the oldest format that has the operators, so that old runtimes read it
    model.ir_version = onnx.helper.find_min_ir_version_for(list(model.opset_import))
    return model
