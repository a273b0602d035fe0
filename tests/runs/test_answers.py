"""What a trained network answers to a split: each image goes forward once, and the counts are scikit-learn's."""

import numpy as np
from sklearn.metrics import confusion_matrix

from mnist_softmax.network.network import Pass
from mnist_softmax.runs.answers import answers
from mnist_softmax.training.loop import start


def test_every_image_goes_forward_once(dataset, settings, monkeypatch):
    rows = []
    forward = Pass.forward
    monkeypatch.setattr(Pass, "forward", lambda self, x: rows.append(len(x)) or forward(self, x))
    found = answers(start(settings()).network, dataset.train)
    assert sum(rows) == len(dataset.train)
    assert len(found.outputs) == len(found.costs) == len(dataset.train)


def test_the_confusion_matrix_is_scikit_learns(dataset, settings):
    found = answers(start(settings()).network, dataset.test)
    theirs = confusion_matrix(dataset.test.labels, found.outputs.argmax(axis=-1), labels=range(4))
    np.testing.assert_array_equal(found.confusion(), theirs)
