# 27 frames around the one that is lifted, as MMPose's video-pose-lift_tcn-27frm-supv.
_base_ = ['./baseline_videopose-1frm-256_1xb256-72e_mocap.py']

clip = dict(seq_len=27, causal=False, pad_video_seq=True)
train_cfg = dict(max_epochs=12, val_interval=2)
train_dataloader = dict(dataset=clip)
val_dataloader = dict(dataset=clip)
test_dataloader = dict(dataset=clip)
model = dict(backbone=dict(num_blocks=2, kernel_sizes=(3, 3, 3), use_stride_conv=True))
