"""A NumPy trainer for MNIST, written after Michael Nielsen's *Neural Networks and Deep Learning*."""

__version__ = "0.1.0"
