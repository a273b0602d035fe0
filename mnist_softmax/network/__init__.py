"""What is trained: activations, costs, the output that pairs them, initializers, layers, the network."""
