# Bone lengths are learned too.
_base_ = ['../poseaug_simplebaseline-256_1xb256-72e_mocap.py']

train_cfg = dict(
    augmentor=dict(length=dict(type='BoneLengthAugmentor', limit=0.1, zero_output=True, hidden=128))
)
