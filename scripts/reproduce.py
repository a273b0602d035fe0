"""Reproduce the book: the same as `mnist-softmax reproduce`."""

import sys

from mnist_softmax.__main__ import main

sys.exit(main(["reproduce", *sys.argv[1:]]))
