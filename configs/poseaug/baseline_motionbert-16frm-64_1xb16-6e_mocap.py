# MotionBERT with the recipe of MMPose's config: AdamW, its rate falls to 0.3 by half of the epochs.
# The rate is five times MMPose's, for 2,292 steps instead of 18,000.
_base_ = [
    '../_base_/datasets/mocap_motionbert.py',
    '../_base_/lifters/motionbert-64.py',
    '../_base_/schedules/adam-linear.py',
]

train_cfg = dict(max_epochs=6, val_interval=3)
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=1e-3, weight_decay=0.01), clip_grad=None
)
param_scheduler = [dict(type='ExponentialLR', gamma=0.67, end=3, by_epoch=True)]
test_cfg = dict(sets=dict(real_video=dict(frame_step=6)))
