"""Why dC/db_j = a_j - y_j: the same as `mnist-softmax explain`."""

import sys

from mnist_softmax.__main__ import main

sys.exit(main(["explain", *sys.argv[1:]]))
