"""Compare configs over many seeds: the same as `mnist-softmax compare`."""

import sys

from mnist_softmax.__main__ import main

sys.exit(main(["compare", *sys.argv[1:]]))
