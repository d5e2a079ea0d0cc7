"""Completion scripts for bash, zsh and fish, made from the parsers: static text, no process is started by a Tab.

A library (argcomplete, shtab) would do it too; argcomplete starts Python at every Tab, and what is left of shtab for a
parser like ours is this file.
"""

from __future__ import annotations

import argparse
import dataclasses
import re
import textwrap
from collections.abc import Callable, Mapping

from riata.cli.parser import Parser


@dataclasses.dataclass(frozen=True)
class Flag:
    """An option: how it is spelt, what it is in one line, whether a value follows, and which values there are."""

    words: tuple[str, ...]
    help: str
    value: bool
    choices: tuple[str, ...]


Commands = Mapping[str, tuple[str, Parser]]


def flags(parser: Parser) -> list[Flag]:
    """The options of a command."""
    return [_flag(action) for action in parser._actions if action.option_strings]


def places(parser: Parser) -> tuple[str, ...]:
    """The words that an argument of a command may be; none where it is a file."""
    return tuple(str(word) for a in parser._actions if not a.option_strings for word in a.choices or ())


def _flag(action: argparse.Action) -> Flag:
    first = textwrap.shorten((action.help or "").split("\n")[0], 72, placeholder=" …")
    choices = tuple(str(word) for word in action.choices or ())
    return Flag(tuple(action.option_strings), first, action.nargs != 0, choices)


def bash(commands: Commands) -> str:
    """Options after "-", values where they are known, files elsewhere."""
    cases, values = [], []
    for name, (_, parser) in commands.items():
        words = " ".join(word for flag in flags(parser) for word in flag.words)
        cases.append(f'        {name}) words="{words}"; places="{" ".join(places(parser))}" ;;')
        values += [
            f'        {"|".join(f"{name}:{word}" for word in flag.words)}) values="{" ".join(flag.choices)}" ;;'
            for flag in flags(parser)
            if flag.choices
        ]
    takes = sorted({word for _, parser in commands.values() for f in flags(parser) if f.value for word in f.words})
    return BASH.format(
        commands=" ".join(commands), cases="\n".join(cases), values="\n".join(values), takes="|".join(takes)
    )


def zsh(commands: Commands) -> str:
    """Every option with its words of help."""
    names = "\n".join(f"        {_quoted(f'{name}:{words}')}" for name, (words, _) in commands.items())
    cases = []
    for name, (_, parser) in commands.items():
        specs = [_zsh_flag(flag) for flag in flags(parser)]
        rest = f"*:argument:({' '.join(places(parser))})" if places(parser) else "*:file:_files"
        body = " \\\n            ".join([*specs, _quoted(rest)])
        cases.append(f"        {name}) _arguments \\\n            {body} ;;")
    return ZSH.format(commands=names, cases="\n".join(cases))


def _zsh_flag(flag: Flag) -> str:
    words = re.sub(r"([\[\]:])", r"\\\1", flag.help)
    value = (f":value:({' '.join(flag.choices)})" if flag.choices else ":value:_files") if flag.value else ""
    return " ".join(_quoted(f"*{word}[{words}]{value}") for word in flag.words)


def fish(commands: Commands) -> str:
    """One line for each option."""
    lines = [
        "complete -c riata -n __fish_use_subcommand -f",
        *(f"complete -c riata -n __fish_use_subcommand -a {name} -d {_quoted(words)}"
          for name, (words, _) in commands.items()),
    ]  # fmt: skip
    for name, (_, parser) in commands.items():
        inside = f"complete -c riata -n '__fish_seen_subcommand_from {name}'"
        if places(parser):
            lines.append(f"{inside} -f -a {_quoted(' '.join(places(parser)))}")
        for flag in flags(parser):
            spelt = " ".join(f"-l {w[2:]}" if w.startswith("--") else f"-s {w[1:]}" for w in flag.words)
            value = f" -x -a {_quoted(' '.join(flag.choices))}" if flag.choices else " -r" if flag.value else ""
            lines.append(f"{inside} {spelt}{value} -d {_quoted(flag.help)}")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """A word in single quotes, as bash and zsh read it; fish too, where there is no backslash in it."""
    return "'" + text.replace("'", "’") + "'"


BASH = """\
# riata: completion for bash
_riata() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}" name="${{COMP_WORDS[1]}}"
    local words="" places="" values=""
    COMPREPLY=()
    if (( COMP_CWORD == 1 )); then
        COMPREPLY=( $(compgen -W "{commands} --help --version" -- "$current") )
        return
    fi
    case "$name" in
{cases}
    esac
    case "$name:$before" in
{values}
    esac
    if [[ -n "$values" ]]; then
        COMPREPLY=( $(compgen -W "$values" -- "$current") )
        return
    fi
    case "$before" in
        {takes}) compopt -o filenames 2>/dev/null; COMPREPLY=( $(compgen -f -- "$current") ); return ;;
    esac
    if [[ "$current" == -* ]]; then
        COMPREPLY=( $(compgen -W "$words" -- "$current") )
    elif [[ -n "$places" ]]; then
        COMPREPLY=( $(compgen -W "$places" -- "$current") )
    else
        compopt -o filenames 2>/dev/null
        COMPREPLY=( $(compgen -f -- "$current") )
    fi
}}
complete -F _riata riata"""
ZSH = """\
#compdef riata
# riata: completion for zsh
_riata() {{
    local -a commands
    commands=(
{commands}
    )
    if (( CURRENT == 2 )); then
        _describe 'command' commands
        return
    fi
    local name="$words[2]"
    shift words
    (( CURRENT-- ))
    case "$name" in
{cases}
    esac
}}
(( $+functions[compdef] )) || {{ autoload -Uz compinit && compinit; }}
compdef _riata riata"""
SHELLS: dict[str, Callable[[Commands], str]] = {"bash": bash, "zsh": zsh, "fish": fish}
