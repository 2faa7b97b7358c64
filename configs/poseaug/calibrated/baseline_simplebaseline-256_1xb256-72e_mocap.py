_base_ = [
    '../../_base_/datasets/mocap_calibrated.py',
    '../../_base_/lifters/simplebaseline_calibrated.py',
    '../../_base_/schedules/adam-linear.py',
]

model = dict(backbone=dict(stem_channels=256, dropout=0.1), head=dict(in_channels=256))
optim_wrapper = dict(optimizer=dict(lr=2e-3))
