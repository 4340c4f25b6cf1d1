"""Entry of `python -m mailcore.cli`; `./roost` execs it."""

from mailcore.cli.main import main

raise SystemExit(main())
