# No learned view and place.
_base_ = ['../poseaug-released_simplebaseline-256_1xb256-56e_mocap.py']

train_cfg = dict(augmentor=dict(rigid=None))
