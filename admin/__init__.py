"""The admin panel and the set-up wizard: a file a noun, thin views over the directory's verbs."""

BLUEPRINTS = ()
