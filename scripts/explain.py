"""Why dC/db_j = a_j - y_j: the same as `mnist-softmax explain`."""

import sys

from mnist_softmax.cli import main

sys.exit(main(["explain", *sys.argv[1:]]))
