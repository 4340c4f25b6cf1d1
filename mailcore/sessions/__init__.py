"""What each protocol does: typed command in, store calls, typed answer out. No sockets and no loops; `listen` drives them."""
