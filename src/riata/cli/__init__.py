"""The command line, `riata COMMAND`: a file in commands/ for each. Starting imports only the standard library."""

from riata.cli.app import main

__all__ = ["main"]
