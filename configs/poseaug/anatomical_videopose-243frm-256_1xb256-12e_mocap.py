# PoseAug's default, a random draw, on clips of 243 frames.
_base_ = ['./baseline_videopose-243frm-256_1xb256-12e_mocap.py']

train_cfg = dict(augmentor=dict(type='BodyPoseAugmentor'), augmented_share=0.6)
