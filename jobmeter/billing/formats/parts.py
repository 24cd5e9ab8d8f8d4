"""Owns the libraries of the extra ``billing``, each loaded when a file is made: a server without billing needs none.

Does not own what is done with them.
"""

import contextlib
import importlib
import importlib.metadata
import importlib.util
from collections.abc import Iterator, Sequence
from typing import Any

from jobmeter.base.faults import Fault, Refused

# The versions of these decide about the bytes of a file.
MAKERS = ("typst", "factur-x", "pikepdf", "segno", "xlsxwriter", "babel")

NEEDED = ("facturx", "fontTools", "fontpkg_noto_sans", "pikepdf", "segno", "typst", "xlsxwriter")


@contextlib.contextmanager
def _needed_for(what: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise Refused(Fault.EXTRA_MISSING, what=what, extra="billing") from error


def load_typst() -> Any:
    with _needed_for("a PDF"):
        return importlib.import_module("typst")


def open_fonts(folders: Sequence[str]) -> Any:
    """Typst's index of the fonts in these folders alone: those of the system would make the PDF depend on the machine."""
    return load_typst().Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=list(folders)
    )


def load_pikepdf() -> Any:
    with _needed_for("a PDF"):
        return importlib.import_module("pikepdf")


def load_font_reader() -> Any:
    with _needed_for("a PDF"):
        return importlib.import_module("fontTools.ttLib")


def load_segno() -> Any:
    with _needed_for("a payment code"):
        return importlib.import_module("segno.helpers")


def load_xlsxwriter() -> Any:
    with _needed_for("an Excel file"):
        return importlib.import_module("xlsxwriter")


def load_facturx() -> Any:
    with _needed_for("an electronic invoice"):
        return importlib.import_module("facturx")


def load_saxonche() -> Any:
    with _needed_for("a check by Schematron"):
        return importlib.import_module("saxonche")


def is_installed() -> bool:
    """Whether the extra is there, without loading it."""
    return all(importlib.util.find_spec(name) is not None for name in NEEDED)


def find_package_folder(package: str) -> str:
    """Returns where an installed package has its files, without importing it."""
    with _needed_for("a PDF"):
        found = importlib.util.find_spec(package)
        if found is None or not found.submodule_search_locations:
            raise ImportError(package)
    return str(found.submodule_search_locations[0])


def list_versions() -> str:
    """The libraries that decide about the bytes of a file, with their versions; the same text gives the same bytes."""
    return " ".join(f"{name}-{_read_version(name)}" for name in MAKERS)


def _read_version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "none"
