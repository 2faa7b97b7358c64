# Joints turn alike in all directions, whatever the training set does.
_base_ = ['./measured_simplebaseline-256_1xb256-32e_animal.py']

train_cfg = dict(augmentor=dict(widen=0.0, exaggerate=0.0, joint_noise=15.0))
