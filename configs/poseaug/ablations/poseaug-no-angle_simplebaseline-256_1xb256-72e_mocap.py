# No learned bone turns.
_base_ = ['../poseaug_simplebaseline-256_1xb256-72e_mocap.py']

train_cfg = dict(augmentor=dict(angle=None))
