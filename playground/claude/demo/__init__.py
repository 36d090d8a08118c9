"""The demo connection: the Messages API in process, answered by a small language model."""
