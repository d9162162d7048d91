"""The commands of `run.py`, one module per subject; `app/cli.py` is their table of contents.

A command parses, calls one service and says what happened: nothing else lives here. Each returns a `Result`
(the object `--json` prints, the lines a person reads, the exit code), see `app.commands.base`.
"""
