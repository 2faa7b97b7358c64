# The built-in synthetic set with the codec for calibrated cameras.
_base_ = ['./mocap_calibrated.py']

data_root = '{{$MMPOSEAUG_SYNTHETIC:data/synthetic/}}'
train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))
