"""``/operator/invoices/{id}/files/{format}``: the files of documents, for operator and partner alike, and their check."""

from starlette.responses import Response

from jobmeter.api.operator.billing.documents import find_named
from jobmeter.base.faults import Fault, Refused
from jobmeter.billing.files import flow as files
from jobmeter.billing.formats import flow as formats
from jobmeter.billing.formats.model import FileFormat
from jobmeter.http.context import RequestContext
from jobmeter.http.parameters import read_query_number
from jobmeter.http.responses import file_response, json_response, knows_tag

SAMPLE_MAX = 100


async def download_file(context: RequestContext) -> Response:
    """``pdf``, ``xml`` (CII), ``ubl``, ``csv``, ``json`` or ``xlsx``. The ``ETag`` is the SHA-256 of the file."""
    return await download_file_of(context, partner_id=None)


async def download_file_of(context: RequestContext, *, partner_id: int | None) -> Response:
    async with context.app.database.connection() as connection:
        document = await find_named(connection, context, partner_id=partner_id)
        file_format = _read_format(context)
        opened = await files.open_file(
            connection, document=document, file_format=file_format, settings=context.app.settings
        )
    tag = f'"{opened.sha256.hex()}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if knows_tag(tag, context.request.headers.get("if-none-match")):
        opened.file.close()
        return Response(status_code=304, headers=headers)
    return file_response(
        opened.file,
        byte_count=opened.byte_count,
        name=formats.name_file(document, file_format),
        media_type=file_format.media_type,
        headers=headers,
    )


async def check_files(context: RequestContext) -> Response:
    """Makes the files of the newest documents again, and those of some of all, ``sample`` of each, and compares their hashes."""
    sample = read_query_number(context.request, "sample", 10, largest=SAMPLE_MAX)
    async with context.app.database.connection() as connection:
        found = await files.check_files(connection, settings=context.app.settings, rows_max=max(sample, 1))
    differences = [
        {"invoice": one.document_id, "number": one.number, "format": one.format.value, "why": one.why}
        for one in found.differences
    ]
    return json_response(
        {
            "checked": found.checked,
            "madeByOtherVersions": found.other_makers,
            "invoices": found.document_ids,
            "differences": differences,
        }
    )


def _read_format(context: RequestContext) -> FileFormat:
    text = context.request.path_params["format"]
    if text not in set(FileFormat):
        raise Refused(Fault.OPERATOR_UNKNOWN, what="format", key=text[:20])
    return FileFormat(text)
