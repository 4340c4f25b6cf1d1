"""The network's own affairs: the resolver over dnspython, TLS certificates and contexts. No mail protocol lives here."""
