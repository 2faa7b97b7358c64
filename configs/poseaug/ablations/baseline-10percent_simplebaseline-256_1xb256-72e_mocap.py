# 10 % of the source's sequences, repeated to as many steps.
_base_ = ['../baseline_simplebaseline-256_1xb256-72e_mocap.py']

part = dict(
    type='MocapDataset',
    ann_file='source_train.npz',
    camera_param_file='cameras.pkl',
    data_root={{_base_.data_root}},
    split=dict(part='train', val_fraction=0.9, seed=0),
    pipeline={{_base_.train_pipeline}},
)
train_dataloader = dict(dataset=dict(_delete_=True, type='RepeatDataset', times=8, dataset=part))
