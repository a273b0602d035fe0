"""`python -m mnist_softmax` is the `mnist-softmax` command."""

import sys

from mnist_softmax.cli import main

sys.exit(main())
