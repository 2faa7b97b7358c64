# Hardness target 1.5 falling to 1.
_base_ = ['../poseaug_simplebaseline-256_1xb256-72e_mocap.py']

train_cfg = dict(feedback=dict(stages=dict(rigid=dict(target=(1.5, 1.0)))))
