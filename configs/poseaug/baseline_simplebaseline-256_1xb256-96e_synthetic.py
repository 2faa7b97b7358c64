_base_ = [
    '../_base_/datasets/synthetic.py',
    '../_base_/lifters/simplebaseline.py',
    '../_base_/schedules/adam-linear.py',
]

model = dict(backbone=dict(stem_channels=256, dropout=0.25), head=dict(in_channels=256))
max_epochs = 96
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=1.0,
        end_factor=0.0,
        end=max_epochs,
        convert_to_iter_based=True,
    )
]
