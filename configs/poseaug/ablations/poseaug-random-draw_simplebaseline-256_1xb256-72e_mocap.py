# On top of RandomPoseAugmentor instead of turned joints and published bodies.
_base_ = ['../poseaug_simplebaseline-256_1xb256-72e_mocap.py']

train_cfg = dict(augmentor=dict(draw=dict(type='RandomPoseAugmentor', roll_std=3, place=0.4)))
