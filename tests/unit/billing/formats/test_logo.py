"""The seller's logo on the first page: in proportion, the same bytes each time, and never a reason not to make a document."""

import io
import logging

import pikepdf
import pytest

from jobmeter.base.faults import Fault, Refused
from jobmeter.billing.accounts.logos import read_logo
from jobmeter.billing.formats.flow import Press, check_logo
from jobmeter.billing.formats.layout import LOGO_HEIGHT_UM, LOGO_WIDTH_UM
from jobmeter.billing.formats.model import FileFormat
from jobmeter.billing.model import PNG, Logo
from jobmeter.billing.model import SVG as SVG_TYPE
from tests.unit.billing.formats.samples import make_document, make_lines
from tests.unit.billing.logos import SVG, make_png

BROKEN = Logo(media_type=PNG, content=b"not a picture", width=4, height=1)
POINTS_PER_UM = 72 / 25_400


def make_pdf(logo: Logo | None, *, lines: int = 4) -> bytes:
    made, target = make_lines(lines), io.BytesIO()
    with Press("") as press, press.open_writer(make_document(made), FileFormat.PDF, target, logo=logo) as pdf:
        pdf.add(made)
    return target.getvalue()


def list_images(content: bytes) -> list[list[tuple[int, int]]]:
    """The pixels of the pictures of each page."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return [[(one.Width, one.Height) for one in page.get_images().values()] for page in pdf.pages]


def find_size(content: bytes) -> tuple[float, float]:
    """Width and height in points of the only picture of the first page."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        page, stack, found = pdf.pages[0], [pikepdf.Matrix()], []
        for operands, operator in pikepdf.parse_content_stream(page):
            name = str(operator)
            if name == "q":
                stack.append(stack[-1])
            elif name == "Q":
                stack.pop()
            elif name == "cm":
                stack[-1] = pikepdf.Matrix(*map(float, operands)) @ stack[-1]
            elif name == "Do" and str(operands[0]) in page.get_images():
                found.append(stack[-1])
        (matrix,) = found
        return abs(matrix.a), abs(matrix.d)


@pytest.mark.parametrize(("width", "height"), [(400, 100), (100, 100), (20, 400), (300, 77)])
def test_a_png_is_on_the_first_page_in_its_proportions(width: int, height: int) -> None:
    logo = read_logo(make_png(width, height))
    made = make_pdf(logo, lines=60)
    first, *others = list_images(made)
    assert (first, others) == ([(width, height)], [[] for _ in others])
    assert others
    shown_width, shown_height = find_size(made)
    assert shown_width / shown_height == pytest.approx(width / height, rel=0.01)
    widest, highest = LOGO_WIDTH_UM * POINTS_PER_UM, LOGO_HEIGHT_UM * POINTS_PER_UM
    assert shown_width <= widest + 0.1
    assert shown_height <= highest + 0.1
    # as large as its space allows
    assert shown_width == pytest.approx(widest, abs=0.1) or shown_height == pytest.approx(highest, abs=0.1)


@pytest.mark.parametrize("content", [SVG, make_png(90, 30)], ids=["svg", "png"])
def test_the_same_logo_is_the_same_bytes_and_another_is_not(content: bytes) -> None:
    logo = read_logo(content)
    made = make_pdf(logo)
    assert made == make_pdf(logo)
    assert made not in {make_pdf(None), make_pdf(read_logo(SVG.replace(b"#ffb000", b"#ff0000")))}
    with pikepdf.open(io.BytesIO(made)) as pdf, pdf.open_metadata() as metadata:
        assert metadata["pdfaid:part"] == "3"


def test_a_logo_that_cannot_be_printed_is_refused_and_stops_no_document(
    caplog: pytest.LogCaptureFixture,
) -> None:
    check_logo(read_logo(SVG), font_folder="")
    check_logo(read_logo(make_png(90, 30)), font_folder="")
    broken_svg = Logo(media_type=SVG_TYPE, content=b"<svg", width=4, height=1)
    for broken in (BROKEN, broken_svg):
        with pytest.raises(Refused, match="cannot be printed") as refused:
            check_logo(broken, font_folder="")
        assert refused.value.fault is Fault.OPERATOR_INPUT
        with caplog.at_level(logging.WARNING, logger="jobmeter.billing"):
            assert make_pdf(broken) == make_pdf(None)
        assert "its logo is left out" in caplog.text
        caplog.clear()
