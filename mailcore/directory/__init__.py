"""Domains, accounts and aliases: what an address leads to, and every verb that changes them, with validation, limits and audit.

The panel, the command line, the wizard and later LDAP call these verbs; none of them writes rows itself.
"""
