"""argparse, with errors as exceptions and the closest option or command named."""

from __future__ import annotations

import argparse
import re
import textwrap
from typing import Any, NoReturn

from riata.core.errors import InvalidOption, did_you_mean


class Parser(argparse.ArgumentParser):
    """A parser that raises InvalidOption where argparse would print its usage and exit."""

    def __init__(self, *args: Any, **kwargs: Any):
        kwargs.setdefault("allow_abbrev", False)
        kwargs.setdefault("formatter_class", _Formatter)
        super().__init__(*args, **kwargs)

    def error(self, message: str) -> NoReturn:
        lacking = message.partition("arguments are required: ")[2].split(", ")
        choices = [
            a.choices for a in self._actions if a.choices and a.option_strings and a.option_strings[0] in lacking
        ]
        raise InvalidOption(message, expected=", ".join(map(str, choices[0])) if choices else None,
                            hint=self._hint(message))  # fmt: skip

    def options(self) -> list[str]:
        """Every long and short option."""
        return [option for action in self._actions for option in action.option_strings]

    def _hint(self, message: str) -> str:
        bad = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        if bad:
            guess = did_you_mean(bad[1], re.findall(r"[\w-]+", bad[2]))
            if guess:
                return guess
        return f"{self.prog} --help lists what there is."

    def refuse_unknown(self, extras: list[str]) -> NoReturn:
        """The error for arguments that no option or positional takes."""
        word = extras[0].split("=")[0]
        if word.startswith("-"):
            guess = did_you_mean(word, self.options())
            raise InvalidOption(f"there is no option {word}.", hint=guess or f"{self.prog} --help lists what there is.")
        raise InvalidOption(f'"{extras[0]}" is one argument too many.', hint="quote a name with spaces: 'living area'.")


class _Formatter(argparse.HelpFormatter):
    """Wide enough for one line an option, and no repetition of long and short metavars."""

    def __init__(self, prog: str):
        super().__init__(prog, max_help_position=30, width=100)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Paragraphs are filled; commands to type stand on lines of their own."""
        parts = []
        for part in text.split("\n\n"):
            typed = part.startswith("riata ")
            parts.append(textwrap.indent(part, "  ") if typed else super()._fill_text(part, width, indent))
        return "\n\n".join(parts)

    def _split_lines(self, text: str, width: int) -> list[str]:
        """Each line of a help text by itself; what does not fit goes on two characters further in."""
        return [one for line in text.split("\n") for one in textwrap.wrap(line, width, subsequent_indent="  ")]

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        metavar = self._format_args(action, action.dest.upper())
        return f"{', '.join(action.option_strings)} {metavar}"
