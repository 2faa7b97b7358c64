# No 3D discriminator.
_base_ = ['../poseaug-released_simplebaseline-256_1xb256-56e_mocap.py']

train_cfg = dict(discriminator_3d=None)
