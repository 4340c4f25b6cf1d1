"""What must be known before the store opens: the environment, `roost.toml`, the node's name, and the operating system's own ways."""
