# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Names of the original's lifters."""

LIFTERS = ('mlp', 'gcn', 'videopose', 'stgcn')
"""tuple[str]: The original's lifters, by its own names."""
