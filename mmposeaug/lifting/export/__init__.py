# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Trained lifters as ONNX files, from pixels to metres."""

from .export import ExportError, ExportReport, export_onnx

__all__ = ['ExportError', 'ExportReport', 'export_onnx']
