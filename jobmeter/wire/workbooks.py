"""Owns what every Excel workbook has in common: text is always text, and rows wait on the disk. Pure.

Does not own the library (XlsxWriter), which its callers load, or what a workbook contains.
"""

from collections.abc import Mapping

# No cell is a formula or a link, whatever somebody wrote; the memory needed does not grow with the rows.
OPTIONS: Mapping[str, bool] = {
    "in_memory": False,
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
TEXT_CHARACTERS_MAX = 32_767  # of a cell
