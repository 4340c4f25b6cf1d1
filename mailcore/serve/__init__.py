"""Processes: the supervisor that `up` becomes, the mail worker, the web server, and the start that comes before them."""
