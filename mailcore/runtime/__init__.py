"""Composition: what a process works with, put together once after fork, and the real clock, randomness and log."""
