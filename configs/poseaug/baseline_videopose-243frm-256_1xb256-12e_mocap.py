# 243 frames, as MMPose's video-pose-lift_tcn-243frm-supv: nearly all of a clip is repeated ends.
_base_ = ['./baseline_videopose-81frm-256_1xb256-12e_mocap.py']

clip = dict(seq_len=243)
train_dataloader = dict(dataset=clip)
val_dataloader = dict(dataset=clip)
test_dataloader = dict(dataset=clip)
model = dict(backbone=dict(num_blocks=4, kernel_sizes=(3, 3, 3, 3, 3)))
