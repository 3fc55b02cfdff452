"""The crash-and-race harness: real daemons that are killed, paused and cut off, held against an oracle."""
