"""The command line: answers on stdout, everything else on stderr, one JSON document under ``--json``."""
