# Both: the view learned against the target's keypoints, place and size aligned with them.
_base_ = ['./poseaug-discriminator_simplebaseline-256_1xb256-72e_mocap.py']

train_cfg = dict(align_position=True)
