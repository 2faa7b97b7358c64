# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What options of the converters can be, apart from what takes seconds to import."""

from __future__ import annotations

CMU_FRAME_RATE = 120.0
"""float: Frames a second of CMU's recordings; AMC files do not say it."""

RIG_NAMES = ('source', 'target')
"""tuple[str]: Cameras like Human3.6M's, and quite other ones."""

NAME_PATTERN = r'(?P<subject>[^_]+)_(?P<action>.+)'
"""str: How subject and action are read from a file's name without its ending."""

CAMERAS = (0, 1, 2, 4, 5, 6, 7, 8)
"""tuple[int]: The cameras at the height of people, the usual choice among the fourteen."""

POSE_KEYS = ('univ_annot3', 'annot3')
"""tuple[str, str]: 3D scaled to one body height, which the official scores use, and as recorded."""

SPLITS = ('train', 'validation', 'test')
"""tuple[str]: The folders of the sequence files."""
