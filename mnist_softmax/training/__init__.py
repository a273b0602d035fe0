"""How a network is trained: random streams, gradient descent, schedules, stopping, history, the loop."""
