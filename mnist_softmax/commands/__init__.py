"""What the `mnist-softmax` command can do, a file for each word: HELP, USAGE, TAKES_OVERRIDES, add_arguments, run.

`run` imports what it needs, so that `--help` stays instant.
"""
