# PoseAug with the feedback of the paper, |1 - exp(harder - beta easier)|.
_base_ = ['./released.py']

train_cfg = dict(variant='submitted')
