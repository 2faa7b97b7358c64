# PoseAug's default, a random draw, on MotionBERT.
_base_ = ['./baseline_motionbert-16frm-64_1xb16-6e_mocap.py']

train_cfg = dict(augmentor=dict(type='BodyPoseAugmentor'), augmented_share=0.6)
