# The draw keeps the training set's own bodies.
_base_ = ['../poseaug_simplebaseline-256_1xb256-72e_mocap.py']

train_cfg = dict(augmentor=dict(draw=dict(body_share=0.0)))
