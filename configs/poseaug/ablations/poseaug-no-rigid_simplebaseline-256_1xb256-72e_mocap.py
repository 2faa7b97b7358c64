# No learned view and place.
_base_ = ['../poseaug_simplebaseline-256_1xb256-72e_mocap.py']

train_cfg = dict(augmentor=dict(rigid=None))
