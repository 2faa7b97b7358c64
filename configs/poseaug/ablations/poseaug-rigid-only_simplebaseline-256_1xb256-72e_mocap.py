# View and place are learned, bone turns are not; the 3D discriminator has nothing to judge.
_base_ = ['../poseaug_simplebaseline-256_1xb256-72e_mocap.py']

train_cfg = dict(
    augmentor=dict(
        angle=None,
        rigid=dict(type='PlacementAugmentor', max_angle=0.3, max_shift=0.05, max_log_depth=0.1),
    ),
    discriminator_3d=None,
)
