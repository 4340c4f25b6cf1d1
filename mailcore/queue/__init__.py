"""Mail on its way out: when (`schedule`), where to (`route`), one try (`attempt`), what is told (`bounce`), who does it (`runner`)."""
