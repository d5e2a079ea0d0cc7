"""The command line: `riata fit | predict | inspect | demo`. Start-up imports nothing but the standard library."""

from riata.cli.app import main

__all__ = ["main"]
