# The draw turns no joints.
_base_ = ['../poseaug_simplebaseline-256_1xb256-72e_mocap.py']

train_cfg = dict(augmentor=dict(draw=dict(joint_share=0.0, trunk_side=0, trunk_twist=0)))
