"""The command line: one file per command, no logic. Libraries are imported inside commands, so that help is fast."""
