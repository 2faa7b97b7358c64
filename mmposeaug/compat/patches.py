# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Small repairs of MMEngine and matplotlib for today's releases and for machines without a GPU."""

from __future__ import annotations

import os
from typing import Any

from .finding import Finding


def restore_tostring_rgb() -> Finding:
    """Give matplotlib 3.10 back ``tostring_rgb``, which ``Pose3dLocalVisualizer`` calls."""
    import matplotlib
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    found = f'matplotlib {matplotlib.__version__}'
    if hasattr(FigureCanvasAgg, 'tostring_rgb'):
        return Finding('3D visualizer', f'{found} has FigureCanvasAgg.tostring_rgb')

    def tostring_rgb(self: FigureCanvasAgg) -> bytes:
        """Return the drawn figure as RGB bytes, row by row."""
        return np.asarray(self.buffer_rgba())[..., :3].tobytes()

    FigureCanvasAgg.tostring_rgb = tostring_rgb
    return Finding('3D visualizer', f'{found} has no FigureCanvasAgg.tostring_rgb', 'put it back')


def _has_accelerator() -> bool:
    """Tell whether MMEngine would train on anything but the CPU."""
    from mmengine.device import get_device

    return get_device() != 'cpu'


def enable_cpu_distributed() -> Finding:
    """Let ``--launcher pytorch`` run on CPUs, with the gloo backend.

    MMEngine selects a CUDA device for each process and hands its number to
    ``DistributedDataParallel``; both fail without a GPU.
    """
    subject = 'several processes'
    if not {'RANK', 'WORLD_SIZE'} <= set(os.environ):
        return Finding(subject, 'not started by a launcher')
    if _has_accelerator():
        return Finding(subject, 'started by a launcher, with an accelerator')

    import torch
    from mmengine.dist import utils
    from mmengine.model.wrappers import distributed

    def init_dist_on_cpu(backend: str = 'gloo', init_backend: str = 'torch', **kwargs: Any) -> None:
        """Start the process group; only gloo works between CPUs."""
        del backend, init_backend
        torch.distributed.init_process_group(backend='gloo', **kwargs)

    class_ = distributed.MMDistributedDataParallel
    original_init = class_.__init__

    def init_without_devices(self: Any, module: Any, *args: Any, **kwargs: Any) -> None:
        """Drop the GPU numbers that MMEngine's runner passes."""
        if all(parameter.device.type == 'cpu' for parameter in module.parameters()):
            kwargs.update(device_ids=None, output_device=None)
        original_init(self, module, *args, **kwargs)

    def admit_sync_batchnorm(self: Any, module: Any) -> None:
        """Leave it to the layers: torch's own raise on a CPU, ours compute."""

    utils._init_dist_pytorch = init_dist_on_cpu
    class_.__init__ = init_without_devices
    class_._passing_sync_batchnorm_handle = admit_sync_batchnorm
    return Finding(
        subject,
        'started by a launcher, without accelerator',
        'use gloo on CPUs instead of selecting CUDA devices',
    )
