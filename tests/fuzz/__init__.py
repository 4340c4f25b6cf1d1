"""Hostile input without end: real data, broken at random, against everything that parses what a stranger sends."""
