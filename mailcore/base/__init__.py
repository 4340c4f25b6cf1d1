"""What everything stands on: errors, the clock, ids, secrets, the question to a resolver. No I/O."""
