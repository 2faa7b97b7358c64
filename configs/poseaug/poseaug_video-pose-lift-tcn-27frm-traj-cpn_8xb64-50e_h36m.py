# The same with CPN detections.
_base_ = ['./poseaug_video-pose-lift-tcn-27frm-traj_8xb64-50e_h36m.py']

cpn = dict(
    keypoint_2d_src='detection', keypoint_2d_det_file='joint_2d_det_files/cpn_ft_h36m_dbb_test.npy'
)
train_dataloader = dict(
    dataset=dict(cpn, keypoint_2d_det_file='joint_2d_det_files/cpn_ft_h36m_dbb_train.npy')
)
val_dataloader = dict(dataset=cpn)
test_dataloader = dict(dataset=cpn)
