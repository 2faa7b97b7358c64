# Turns of clips move faster than recorded ones do, and clips are played slower: docs/clips.md.
_base_ = ['./baseline_videopose-27frm-256_1xb256-12e_mocap.py']

motion = dict(speed=1.0, rate=(0.0, 1.0), cap=0.0)
train_cfg = dict(augmentor=dict(type='AnatomicalPoseAugmentor', motion=motion), augmented_share=0.8)
optim_wrapper = dict(optimizer=dict(lr=4e-3))
