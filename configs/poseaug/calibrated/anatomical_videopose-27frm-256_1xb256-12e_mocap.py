# Clips are up to three times as fast as recorded ones, and down to none, turns move twice as fast,
# and half of the limbs move as those of other clips: docs/clips.md.
_base_ = ['./baseline_videopose-27frm-256_1xb256-12e_mocap.py']

motion = dict(stride=3, speed=2.0, rate=(0.0, 1.0), cap=0.0, limbs=0.5)
train_cfg = dict(augmentor=dict(type='AnatomicalPoseAugmentor', motion=motion), augmented_share=0.8)
optim_wrapper = dict(optimizer=dict(lr=4e-3))
