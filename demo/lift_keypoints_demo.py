# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Lifts keypoints, pictures and videos to 3D: the command ``mmposeaug-lift`` (docs/demo.md)."""

from __future__ import annotations

import sys

from mmposeaug.lifting.command import main

if __name__ == '__main__':
    sys.exit(main())
