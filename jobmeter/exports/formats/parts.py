"""Owns the libraries of Excel and Parquet, each loaded when a file is made: a server without their extras needs none."""

import importlib
from typing import Any

from jobmeter.base.faults import Fault, Refused


def load_xlsxwriter() -> Any:
    return _load("xlsxwriter", what="an Excel file", extra="billing")


def load_arrow() -> Any:
    return _load("pyarrow", what="a Parquet file", extra="parquet")


def load_parquet() -> Any:
    return _load("pyarrow.parquet", what="a Parquet file", extra="parquet")


def _load(module: str, *, what: str, extra: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise Refused(Fault.EXTRA_MISSING, what=what, extra=extra) from error
