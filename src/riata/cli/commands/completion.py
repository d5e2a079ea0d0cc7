"""Print a script that lets a shell complete commands, options and their values with the Tab key.

riata completion bash >> ~/.bashrc
riata completion zsh >> ~/.zshrc
riata completion fish > ~/.config/fish/completions/riata.fish
"""

from __future__ import annotations

import argparse

from riata.cli import completion
from riata.cli.screen import Screen

HELP = "print a script for completion in bash, zsh or fish"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which shell."""
    parser.add_argument("shell", choices=tuple(completion.SHELLS), help="the shell that is to complete")


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Read the parsers, write the script."""
    from riata.cli.app import command_modules, parsers

    modules = command_modules()
    _, by_name = parsers(modules, list(modules))
    screen.result(completion.SHELLS[args.shell]({name: (modules[name].HELP, by_name[name]) for name in modules}))
    return 0
