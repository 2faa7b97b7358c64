# View and place are learned too.
_base_ = ['../poseaug_simplebaseline-256_1xb256-72e_mocap.py']

train_cfg = dict(
    augmentor=dict(
        rigid=dict(type='PlacementAugmentor', max_angle=0.3, max_shift=0.05, max_log_depth=0.1)
    )
)
