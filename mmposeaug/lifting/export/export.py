# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""One call from a trained lifter to a checked ONNX file."""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmposeaug.fileio import atomic_write

from ..lifter_weights import first_line
from ..lifters import LoadedLifter
from ..option_names import OPSETS
from .check import checked_sizes, compare, start_session
from .graph import OUTPUT, PixelLifter, build_graph
from .inputs import ExportSettings, InputSpec
from .metadata import describe

PACKAGES = ('onnx', 'onnxscript', 'onnxruntime')
"""tuple[str]: What exporting needs beside torch."""

MAX_DIFFERENCE_MM = 0.05
"""float: Largest difference to torch; beyond 1 m, for each metre of the largest coordinate.

Float32 in another order of summation moves a joint by 0.0004 to 0.0035 mm (MMPose's configs, 1 to
243 frames). A graph that computes something else is off by millimetres; a lifter is off the truth
by tens of them.
"""


class ExportError(RuntimeError):
    """A lifter could not be exported, or its export does not give the same poses."""


@dataclass(frozen=True)
class ExportReport:
    """What was written.

    Attributes:
        path (Path): The file.
        inputs (tuple[InputSpec]): The graph's inputs.
        output (tuple): Name of the graph's output, and its shape.
        metadata (dict[str, str]): What the file says about the lifter.
        num_bytes (int): Its size.
        checked (list[tuple[int, int]]): Clips and frames of the batches that were compared.
        max_difference_mm (float): Largest difference to torch in them.
        max_coordinate_m (float): Largest coordinate in them.
    """

    path: Path
    inputs: tuple[InputSpec, ...]
    output: tuple[str, tuple[int | str, ...]]
    metadata: dict[str, str]
    num_bytes: int
    checked: list[tuple[int, int]]
    max_difference_mm: float
    max_coordinate_m: float


def export_onnx(
    lifter: LoadedLifter,
    out: str | os.PathLike,
    flip: bool = False,
    opset: int = OPSETS[0],
    image_size: Sequence[int] | None = None,
    camera: Sequence[float] | None = None,
) -> ExportReport:
    """Write a lifter with its codec as ONNX, from pixels to root-relative metres.

    The file is compared with torch before it takes its name, so that a failed export leaves
    nothing, and an older file untouched.

    Args:
        lifter (LoadedLifter): The lifter, on the CPU.
        out (str | PathLike): The file, ``*.onnx``; its folder is made if need be.
        flip (bool): Also lift the mirrored image, and take the mean. Defaults to False.
        opset (int): Version of ONNX's operators. Defaults to 18, which the most runtimes read.
        image_size (Sequence[int], optional): Width and height in pixels of all images, fixed in
            the graph. Defaults to None: an input, where the lifter needs it.
        camera (Sequence[float], optional): Camera of all images, fixed in the graph: fx, fy, cx,
            cy, k1, k2, k3, p1, p2 in pixels. Defaults to None: an input, where the lifter needs it.

    Returns:
        ExportReport: What was written.

    Raises:
        ValueError: If an option is out of its range.
        OSError: If the file cannot be written.
        ExportError: If a package is missing, torch cannot export the lifter, or the poses differ
            by more than :data:`MAX_DIFFERENCE_MM`.
    """
    path = Path(out)
    settings = ExportSettings(
        lifter,
        flip,
        None if image_size is None else _pair(image_size),
        None if camera is None else tuple(map(float, camera)),
    )
    _check_options(lifter, path, opset)
    _check_writable(path)
    require_packages()
    module = PixelLifter(settings).eval()
    try:
        model = build_graph(module, settings, opset)
    except Exception as error:  # whatever torch cannot export
        raise ExportError(
            f'torch cannot export a lifter with a {type(module.lifter.backbone).__name__} '
            f'({first_line(_first_cause(error))}); replace in it what cannot be exported.'
        ) from error
    metadata = describe(settings)
    content = _finish(model, metadata)
    difference, largest = _compare(module, settings, content)
    with atomic_write(path) as file:
        file.write(content)
    shape = model.graph.output[0].type.tensor_type.shape.dim
    return ExportReport(
        path=path,
        inputs=settings.specs,
        output=(OUTPUT, tuple(d.dim_param or d.dim_value for d in shape)),
        metadata=metadata,
        num_bytes=len(content),
        checked=checked_sizes(settings),
        max_difference_mm=difference,
        max_coordinate_m=largest,
    )


def require_packages() -> None:
    """Refuse to start without what exporting needs."""
    for name in PACKAGES:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise ExportError(
                f'Exporting needs {name}, which cannot be imported ({error}); install it with '
                '`pip install onnx onnxscript onnxruntime`.'
            ) from None


# --------------------------------------------------------------------- border
def _pair(image_size: Sequence[int]) -> tuple[int, int]:
    if len(image_size) != 2:
        raise ValueError(f'image_size is {tuple(image_size)}; give width and height in pixels.')
    width, height = image_size
    return int(width), int(height)


def _check_options(lifter: LoadedLifter, path: Path, opset: int) -> None:
    if path.suffix != '.onnx':
        raise ValueError(f"The file '{path}' must be called *.onnx.")
    if path.is_dir():
        raise ValueError(f"'{path}' is a folder; name a file.")
    if opset not in OPSETS:
        raise ValueError(
            f'opset is {opset}; it must lie from {OPSETS[0]}, the oldest that torch writes, to '
            f'{OPSETS[-1]}.'
        )
    if lifter.device.type != 'cpu':
        raise ValueError(f"The lifter is on '{lifter.device}'; load it with device='cpu'.")


def _check_writable(path: Path) -> None:
    """Tells at once, not after the export, that a folder cannot be written to."""
    folder = path.absolute().parent
    while not folder.exists():
        folder = folder.parent
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise OSError(
            f"The file '{path}' cannot be written ({error.strerror}); name one in another folder."
        ) from None


# ---------------------------------------------------------------------- model
def _first_cause(error: BaseException) -> BaseException:
    """What torch's exporter stumbled over; itself it says only in which of its steps."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _finish(model: Any, metadata: dict[str, str]) -> bytes:
    """The model with its metadata, found valid, as bytes."""
    import onnx

    onnx.helper.set_model_props(model, metadata)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def _compare(module: PixelLifter, settings: ExportSettings, content: bytes) -> tuple[float, float]:
    try:
        difference, largest = compare(module, settings, start_session(content))
    except Exception as error:  # onnxruntime's exceptions have no common base
        raise ExportError(
            f'onnxruntime cannot run the exported lifter ({first_line(error)}); try another opset, '
            'or another release of onnxruntime.'
        ) from error
    allowed = MAX_DIFFERENCE_MM * max(1, largest)
    if not difference <= allowed:  # NaN is refused too
        raise ExportError(
            f'The exported lifter is {difference:.3g} mm off torch, more than the '
            f'{allowed:.3g} mm that rounding explains, and was not written; try another opset, or '
            'check the checkpoint for weights that are not finite.'
        )
    return difference, largest
