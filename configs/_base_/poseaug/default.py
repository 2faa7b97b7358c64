# Our default instead (docs/training.md), from the same lifters: its draw changes bone lengths too.
_base_ = ['./released.py']

train_cfg = dict(variant='default', bone_lengths=None)
