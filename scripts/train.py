"""Train a network: the same as `mnist-softmax train`."""

import sys

from mnist_softmax.cli import main

sys.exit(main(["train", *sys.argv[1:]]))
