# View and place alone; bones are left alone, so there is nothing for the 3D discriminator.
_base_ = ['../poseaug-released_simplebaseline-256_1xb256-56e_mocap.py']

train_cfg = dict(augmentor=dict(angle=None, length=None), discriminator_3d=None)
