# One discriminator for the whole body instead of one for each part.
_base_ = ['../poseaug-released_simplebaseline-256_1xb256-56e_mocap.py']

train_cfg = dict(discriminator_3d=dict(parts='whole_body'))
