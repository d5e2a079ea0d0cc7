"""What a look at the data found: sentences with a number and something to do."""

from __future__ import annotations

import dataclasses

from riata.core.result_frame import ResultFrame


@dataclasses.dataclass(frozen=True)
class Finding:
    """``number`` is what was measured; ``columns`` whom it concerns; ``serious`` if results would mislead."""

    check: str
    what: str
    do: str
    number: float
    columns: tuple[str, ...] = ()
    serious: bool = False


@dataclasses.dataclass(frozen=True)
class Report:
    """``findings``, serious ones first; ``passed``, the checks that found nothing; the size of the data."""

    findings: tuple[Finding, ...]
    passed: tuple[str, ...]
    n_samples: int
    n_features: int
    target: str

    def to_frame(self) -> ResultFrame:
        """Columns check, serious, number, what, do, by finding."""
        names = ("check", "serious", "number", "what", "do")
        return ResultFrame({name: [getattr(found, name) for found in self.findings] for name in names})

    def summary(self) -> str:
        """All of it as plain text."""
        head = f"{self.n_samples:,} rows, {self.n_features:,} features, target {self.target}"
        lines = [f"{head}: {len(self.findings) or 'no'} finding{'s' if len(self.findings) != 1 else ''}."]
        for found in self.findings:
            lines += ["", f"{'!' if found.serious else '-'} {found.check}: {found.what}", f"  do: {found.do}"]
        if self.passed:
            lines += ["", f"nothing found by: {', '.join(self.passed)}."]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.summary()
