"""Requests in whatever a person pastes."""
