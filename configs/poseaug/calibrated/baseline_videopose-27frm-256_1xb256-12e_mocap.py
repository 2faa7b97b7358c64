_base_ = [
    '../../_base_/datasets/mocap_calibrated_27frm.py',
    '../../_base_/lifters/videopose-27frm_calibrated.py',
    '../../_base_/schedules/adam-linear.py',
]

model = dict(backbone=dict(stem_channels=256, dropout=0.1), head=dict(in_channels=256))
train_cfg = dict(max_epochs=12, val_interval=4)
# real video has 60 frames a second, the motion capture 10
test_cfg = dict(sets=dict(real_video=dict(seq_step=6)))
optim_wrapper = dict(optimizer=dict(lr=2e-3))
