"""--config FILE: a TOML file whose keys are options without their dashes; what the command line says wins.

    data = "houses.csv"
    target = "price"
    drop = ["key", "living area"]
    penalty-factor = {size = 0}      # a table is NAME=VALUE, or NAME:COLS

    [fit]                            # for this command alone
    output = "model.json"

Keywords of Python stand for their options too (lam, sample_weight, standardize = false). Paths are as on the command
line: from the folder in which it is typed.
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from riata.cli.parser import Parser
from riata.core.errors import InvalidOption, did_you_mean


def extended(
    parser: Parser, name: str, words: Sequence[str], commands: Collection[str], others: Callable[[], dict[str, Parser]]
) -> list[str]:
    """The words of the command ``name`` without its --config, and with what that file adds to them.

    ``commands`` are all names, and ``others`` makes all parsers: for the hint where a key is another command's.
    """
    given, options, places = _taken_apart(parser, words)
    if not given.get("config"):
        return list(words)
    file = given.pop("config")
    where = [action for action in parser._actions if not action.option_strings]
    known = _keys(parser)
    out: list[str] = []
    values: dict[str, str] = {}
    for key, value in _read(file, name, commands).items():
        action = known.get(key.replace("_", "-"))
        if action is None:
            raise InvalidOption(f'{file}: riata {name} has no option "{key}".', hint=_hint(key, name, known, others()))
        if action in where:
            values[action.dest] = _text(value, key, file)
        elif action.dest not in given:
            out += _words(action, key, value, file)
    return [*_placed(where, values, places), *out, *options]


def _hint(key: str, name: str, known: Collection[str], parsers: dict[str, Parser]) -> str:
    """Where an unknown key belongs, or which one is meant."""
    key = key.replace("_", "-")
    having = [other for other, parser in parsers.items() if key in _keys(parser)]
    if having:
        return f"it belongs to {', '.join(having)}: put it below a line [{having[0]}]."
    return did_you_mean(key, known) or f"riata {name} --help lists what there is."


def _read(file: str, name: str, commands: Collection[str]) -> dict[str, Any]:
    try:
        whole = tomllib.loads(Path(file).read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidOption(f"{file} is not a TOML file: {error}.", hint='a line is: target = "price"') from error
    shared = {key: value for key, value in whole.items() if not (key in commands and isinstance(value, dict))}
    own = whole.get(name, {})
    return shared | (own if isinstance(own, dict) else {})


def _keys(parser: Parser) -> dict[str, argparse.Action]:
    """What a file may call an option: the option itself, its keyword, the name of an argument."""
    known: dict[str, argparse.Action] = {}
    for action in parser._actions:
        if action.dest in ("help", "config"):
            continue
        known[action.dest.replace("_", "-")] = action
        known |= {word.lstrip("-"): action for word in action.option_strings if word.startswith("--")}
    return known


def _taken_apart(parser: Parser, words: Sequence[str]) -> tuple[dict[str, str], list[str], list[str]]:
    """(options given, by dest; the words of all options but --config; the words that are no option's)."""
    by_word = {word: action for action in parser._actions for word in action.option_strings}
    given, options, places, k = {}, [], [], 0
    while k < len(words):
        head, equals, value = words[k].partition("=")
        action = by_word.get(head) or by_word.get(words[k][:2] if not words[k].startswith("--") else "")
        if action is None and words[k].startswith("-") and words[k] != "-":
            options.append(words[k])  # unknown: the parser says so
        elif action is None:
            places.append(words[k])
        else:
            apart = head in by_word and not equals and action.nargs is None and k + 1 < len(words)
            taken = list(words[k : k + 1 + apart])
            given[action.dest] = taken[1] if apart else value
            options += [] if action.dest == "config" and given["config"] else taken
            k += apart
        k += 1
    return given, options, places


def _placed(where: Sequence[argparse.Action], values: dict[str, str], places: Sequence[str]) -> list[str]:
    """The arguments in order: typed ones take the places that the file leaves, or all if they are as many."""
    if len(places) >= len(where):
        return list(places)
    typed = list(places)
    free = [action.dest for action in where if action.dest not in values]
    names = free if len(typed) <= len(free) else [action.dest for action in where]
    values = values | dict(zip(names, typed, strict=False))
    return [values[action.dest] for action in where if action.dest in values]


def _words(action: argparse.Action, key: str, value: Any, file: str) -> list[str]:
    """One option as it is typed."""
    flag = max(action.option_strings, key=len)
    if action.nargs == 0:
        if not isinstance(value, bool):
            raise InvalidOption(f'{file}: "{key}" is a switch.', got=value, expected="true or false")
        is_flag = key.replace("_", "-") == flag.lstrip("-")
        return [flag] if value == (True if is_flag else action.const) else []
    if isinstance(value, dict):
        value = [f"{name}:{_text(v, key, file)}" if isinstance(v, str | list) else f"{name}={_text(v, key, file)}"
                 for name, v in value.items()]  # fmt: skip
    if isinstance(value, list) and isinstance(action, argparse._AppendAction):
        return [f"{flag}={_text(one, key, file)}" for one in value]
    return [f"{flag}={_text(value, key, file)}"]


def _text(value: Any, key: str, file: str) -> str:
    if isinstance(value, list):
        return ",".join(_text(one, key, file) for one in value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InvalidOption(f'{file}: "{key}" takes a word or a number.', got=value)
    return str(value)
