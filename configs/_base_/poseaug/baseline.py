# The released training of a lifter without augmentation. Its learning rate falls by 4 % every
# 100,000 updates, which only SemGCN's 100 epochs reach.
_base_ = ['../protocols/poseaug_paper.py']

train_cfg = dict(_delete_=True, type='TensorTrainLoop', max_epochs=50, val_interval=1)
optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-3, fused=True), clip_grad=dict(max_norm=1.0))
param_scheduler = [dict(type='StepLR', by_epoch=False, step_size=100000, gamma=0.96)]
