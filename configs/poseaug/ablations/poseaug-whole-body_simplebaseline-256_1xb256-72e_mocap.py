# One discriminator for the whole body instead of one for each part.
_base_ = ['../poseaug_simplebaseline-256_1xb256-72e_mocap.py']

train_cfg = dict(discriminator_3d=dict(parts='whole_body'))
