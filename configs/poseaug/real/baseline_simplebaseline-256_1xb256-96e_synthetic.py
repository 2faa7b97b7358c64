_base_ = [
    '../../_base_/datasets/synthetic_calibrated.py',
    '../../_base_/lifters/simplebaseline_calibrated.py',
    '../../_base_/schedules/adam-linear.py',
    '../../_base_/poseaug/real_cameras.py',
]

model = dict(backbone=dict(stem_channels=256, dropout=0.1), head=dict(in_channels=256))
train_cfg = dict(max_epochs=96, detector={{_base_.detector}})
