"""Train a network: the same as `mnist-softmax train`."""

import sys

from mnist_softmax.__main__ import main

sys.exit(main(["train", *sys.argv[1:]]))
