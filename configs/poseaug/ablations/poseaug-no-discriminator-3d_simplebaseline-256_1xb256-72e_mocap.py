# No 3D discriminator.
_base_ = ['../poseaug_simplebaseline-256_1xb256-72e_mocap.py']

train_cfg = dict(discriminator_3d=None)
