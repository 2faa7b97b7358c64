# The built-in synthetic set: `python tools/make_synthetic_mocap.py data/synthetic`.
_base_ = ['./mocap.py']

data_root = '{{$MMPOSEAUG_SYNTHETIC:data/synthetic/}}'
train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))
