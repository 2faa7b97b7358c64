# Our default instead (docs/training.md), from the same lifters: a random draw, which changes bone
# lengths too, and nothing that learns beside the lifter.
_base_ = ['./released.py']

train_cfg = dict(variant='default', bone_lengths=None, param_scheduler=None)
