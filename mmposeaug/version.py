# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Version of the package, read by ``setup.py`` without importing the package."""

__version__ = '0.1.0'
