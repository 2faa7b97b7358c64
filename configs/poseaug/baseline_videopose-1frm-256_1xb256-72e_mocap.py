_base_ = [
    '../_base_/datasets/mocap.py',
    '../_base_/lifters/videopose-1frm.py',
    '../_base_/schedules/adam-linear.py',
]

model = dict(backbone=dict(stem_channels=256), head=dict(in_channels=256))
