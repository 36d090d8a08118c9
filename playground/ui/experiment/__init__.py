"""The experiment: cases, axes, matrix, batches."""
