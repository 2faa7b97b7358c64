_base_ = [
    '../_base_/datasets/synthetic.py',
    '../_base_/lifters/simplebaseline.py',
    '../_base_/schedules/adam-linear.py',
]

model = dict(backbone=dict(stem_channels=256, dropout=0.25), head=dict(in_channels=256))
train_cfg = dict(max_epochs=96)
