"""Trained networks for other programs: ONNX, PyTorch's state dicts in safetensors, plain arrays in npz."""
