"""Reproduce the book: the same as `mnist-softmax reproduce`."""

import sys

from mnist_softmax.cli import main

sys.exit(main(["reproduce", *sys.argv[1:]]))
