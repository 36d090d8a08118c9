"""Turns a request and a connection into events; the only importer of the SDK."""
