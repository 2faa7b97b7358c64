# The paper's feedback, |1 - exp(harder - beta easier)|, instead of the released code's.
_base_ = ['../poseaug_simplebaseline-256_1xb256-72e_mocap.py']

train_cfg = dict(
    feedback=dict(
        type='ExponentialFeedbackLoss',
        relative_to='draw',
        batch_ratio=True,
        stages=dict(rigid=dict(beta=(1.3, 1.0), factor=1.0)),
    )
)
