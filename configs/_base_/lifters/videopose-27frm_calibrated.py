# VideoPose3D for 27 frames, as MMPose's video-pose-lift_tcn-27frm-supv, for calibrated cameras.
_base_ = ['./videopose-1frm_calibrated.py']

model = dict(
    backbone=dict(num_blocks=2, kernel_sizes=(3, 3, 3), use_stride_conv=True),
    head=dict(decoder=dict(virtual_camera='frame')),
)
