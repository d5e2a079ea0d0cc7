"""`riata.doctor(frame, "price")`: what is wrong with the data, said before any fit."""

from riata.core.callable_module import make_callable
from riata.doctor.api import doctor
from riata.doctor.report import Finding, Report

__all__ = ["Finding", "Report", "doctor"]

make_callable(__name__, doctor)
