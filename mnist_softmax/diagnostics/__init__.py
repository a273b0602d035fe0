"""What one network does and why: explain, gradient check, evaluation, curves."""
