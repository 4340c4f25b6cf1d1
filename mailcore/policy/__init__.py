"""Checks at four moments (connect, sender, recipient, message) merged by one runner into one Verdict and one trace.

`pipeline` runs the lists of checks; each file beside it is a family of checks. A check decides nothing alone: it returns a
Finding, and the worst one stands.
"""
