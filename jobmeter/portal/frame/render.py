"""Owns the templates' environment: one for each language, strict about names, escaping everything that is not a template's own text."""

from collections.abc import Mapping
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from jobmeter.people.model import Role
from jobmeter.portal.catalogue.texts import LANGUAGES, load_texts, mark
from jobmeter.portal.frame.assets import load_assets
from jobmeter.portal.frame.pictures import describe_chart, make_meter, make_plot, make_unit_meter, write_value

ROLE_NAMES = {
    Role.OPERATOR: mark("Operator"),
    Role.OPERATOR_READER: mark("Operator, read only"),
    Role.PARTNER_MANAGER: mark("Partner, manager"),
    Role.PARTNER_READER: mark("Partner, read only"),
    Role.CUSTOMER: mark("Customer"),
    Role.MEMBER: mark("Member"),
}


# The endings of addresses that are files, in the order in which pages offer them.
FILE_FORMATS = {"csv": "CSV", "xlsx": "Excel", "parquet": "Parquet", "jsonl": "JSON"}


@cache
def make_environment(language: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("jobmeter.portal"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(load_texts(language), newstyle=True)  # type: ignore[attr-defined]
    environment.globals |= {
        "assets": {name: asset.path for name, asset in load_assets().items()},
        "file_formats": FILE_FORMATS,
        "languages": LANGUAGES,
        "role_names": ROLE_NAMES,
        "meter": make_meter,
        "unit_meter": make_unit_meter,
        "plot": make_plot,
        "describe_chart": describe_chart,
        "write_value": write_value,
    }
    return environment


def render(template: str, *, language: str, values: Mapping[str, object]) -> str:
    return make_environment(language).get_template(template).render(values)
