# Copyright (c) mmposeaug contributors. Licensed under the Apache License 2.0.
"""Losses of the adversarial phase."""

from .adversarial import LSGANLoss
from .anatomy import AnatomyPrior
from .feedback import ExponentialFeedbackLoss, RangeFeedbackLoss, grouped_joint_error, scheduled
from .hard_poses import HardPoseLoss
from .ranges import AngleRangeLoss, LengthRangeLoss

__all__ = [
    'LSGANLoss',
    'AnatomyPrior',
    'HardPoseLoss',
    'ExponentialFeedbackLoss',
    'RangeFeedbackLoss',
    'grouped_joint_error',
    'scheduled',
    'AngleRangeLoss',
    'LengthRangeLoss',
]
