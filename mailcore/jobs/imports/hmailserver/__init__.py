"""A whole hMailServer from its backup: domains, people with their passwords, aliases, lists, rules, mail, public folders and settings.

`reading` yields the backup's records, `people`, `rules`, `folders` and `server` turn each into Roost's own verbs, `work` carries them out
(or, for a dry run, takes them back) and remembers what became of each. The source's layout is told in hMailServer's BackupExecuter.
"""
