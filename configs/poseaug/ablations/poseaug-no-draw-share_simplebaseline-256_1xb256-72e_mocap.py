# Every augmented pose is the learned one, none is left as drawn.
_base_ = ['../poseaug_simplebaseline-256_1xb256-72e_mocap.py']

train_cfg = dict(draw_share=0.0)
