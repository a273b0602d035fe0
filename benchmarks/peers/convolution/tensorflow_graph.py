"""TensorFlow: a graph that loops over the mini-batches itself, which is the fastest way to train in it."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from benchmarks.peers.convolution import ETA, POOL, M, Trainer, Work


def start(work: Work) -> Trainer:
    """The first turn traces the graph."""
    tf.config.threading.set_intra_op_parallelism_threads(work.threads)
    tf.config.threading.set_inter_op_parallelism_threads(work.threads)
    sigma = {"sigmoid": tf.sigmoid, "relu": tf.nn.relu}[work.activation]
    params = [(tf.Variable(w), tf.Variable(b)) for w, b in work.start]
    images, labels, count = tf.constant(work.x), tf.constant(work.labels.astype("int32")), len(work.maps)

    def logits(x: tf.Tensor) -> tf.Tensor:
        a = tf.reshape(x, (-1, 28, 28, 1))
        for w, b in params[:count]:
            a = sigma(tf.nn.max_pool2d(tf.nn.conv2d(a, w, 1, "VALID"), POOL, POOL, "VALID") + b)
        a = tf.reshape(a, (-1, params[count][0].shape[0]))
        for w, b in params[count:-1]:
            a = sigma(a @ w + b)
        w, b = params[-1]
        return a @ w + b

    @tf.function
    def trained(first: tf.Tensor, number: tf.Tensor) -> None:
        for i in tf.range(first, first + number):
            begin = i % (len(work.x) // M) * M
            x, y = images[begin : begin + M], labels[begin : begin + M]
            with tf.GradientTape() as tape:
                cost = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits(x)))
            flat = tf.nest.flatten(params)
            for variable, gradient in zip(flat, tape.gradient(cost, flat), strict=True):
                variable.assign_sub(ETA * gradient)

    def train(numbers: range) -> None:
        trained(tf.constant(numbers.start), tf.constant(len(numbers)))

    def outputs() -> np.ndarray:
        return tf.nn.softmax(logits(images[:M])).numpy()

    return Trainer(train, outputs)
