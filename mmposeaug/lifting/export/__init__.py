# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Trained lifters as ONNX files, from pixels to metres."""

from typing import TYPE_CHECKING

from mmposeaug.lazy import lazy_names

if TYPE_CHECKING:
    from .export import ExportError, ExportReport, export_onnx

__all__ = ['ExportError', 'ExportReport', 'export_onnx']

__getattr__, __dir__ = lazy_names(__name__)
