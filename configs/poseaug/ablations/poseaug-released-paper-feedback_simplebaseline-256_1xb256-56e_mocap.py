# The paper's feedback, |1 - exp(harder - beta easier)|, instead of the released code's.
_base_ = ['../poseaug-released_simplebaseline-256_1xb256-56e_mocap.py']

train_cfg = dict(feedback=dict(type='ExponentialFeedbackLoss'))
