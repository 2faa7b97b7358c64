# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Plans of trainings, their tables and figures, the quickstart, and reports on augmentation."""
