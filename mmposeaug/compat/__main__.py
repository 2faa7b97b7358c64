# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Print what is installed, and what the compatibility layer found and did."""

from . import report

if __name__ == '__main__':
    print(report())
