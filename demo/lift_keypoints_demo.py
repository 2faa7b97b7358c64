# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Lifts keypoints, pictures and videos to 3D: the command ``mmposeaug-lift`` (docs/demo.md)."""

from __future__ import annotations

import sys
import warnings

# MMEngine's, once for each module that it looks into; a newcomer can do nothing about it.
warnings.filterwarnings('ignore', 'pkg_resources is deprecated', UserWarning)

from mmposeaug.apis.lifting.command import main  # noqa: E402

if __name__ == '__main__':
    sys.exit(main())
