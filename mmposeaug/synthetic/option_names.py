# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""What options of the tools can be, apart from what takes seconds to import."""

from __future__ import annotations

CREATURE_NAMES = ('hand', 'animal')
"""tuple[str]: What there are synthetic motions of, besides people."""

CREATURE_FRAMES = dict(source_train=20000, source_val=2000, source_test=3000, target=6000)
"""dict[str, int]: Camera frames of the files."""
