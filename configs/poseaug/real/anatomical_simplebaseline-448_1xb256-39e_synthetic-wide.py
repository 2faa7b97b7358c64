# The lifter that comes with the package (docs/included_lifter.md).
_base_ = [
    '../../_base_/datasets/synthetic_wide_calibrated.py',
    '../../_base_/lifters/simplebaseline_calibrated.py',
    '../../_base_/schedules/adam-linear.py',
    '../../_base_/poseaug/real_cameras.py',
]

model = dict(backbone=dict(stem_channels=448, dropout=0.1), head=dict(in_channels=448))
optim_wrapper = dict(optimizer=dict(lr=3e-3))
randomness = dict(seed=0)
train_cfg = dict(
    max_epochs=39,
    val_interval=3,
    augmentor={{_base_.included_draw}},
    augmented_share=0.8,
    detector={{_base_.included_detector}},
)
test_cfg = dict(sets={{_base_.benchmark}})
