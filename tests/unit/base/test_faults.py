"""The table of errors: order, completeness against the reports page, parameters of the messages."""

from string import Formatter

import pytest

from jobmeter.base.faults import Fault, Refused

# The error table of the reports page: number, status, and the first words, which distinguish it from its neighbours.
REPORT_ERRORS = [
    (6000, 403, "Caller is unauthorized to access the job reporting"),
    (6001, 403, "Caller is unauthorized to access the budget reporting"),
    (6003, 500, "Failed to find partner level service term metadata"),
    (6004, 404, "No partner level budget information found"),
    (6005, 500, "Failed to find partner level budget information"),
    (6006, 400, "Invalid DateRange! Date range query param should have"),
    (6007, 400, "Invalid DateRange! Start and end date is required"),
    (6008, 400, "Invalid DateRange! End date can not be before"),
    (6009, 400, "Invalid DateRange! Start date can not be outside"),
    (6010, 400, "Invalid DateRange! Today or future UTC date"),
    (6011, 400, "Invalid DateRange! Start and end date should be within"),
    (6012, 500, "Failed to find job posting details"),
    (6013, 404, "No job posting information found"),
    (6014, 404, "No active or revoke budget information found"),
    (6015, 500, "Failed to find lifetime job spend information"),
    (6016, 500, "Internal error while fetching lifetime job spend"),
    (6017, 500, "Failed to find lifetime job budget limit"),
    (6018, 500, "Failed to find daily job charges for a provided external"),
    (6019, 500, "Internal error while fetching analytics information"),
    (6020, 500, "Failed to find job performance analytics"),
    (6021, 400, "Maximum supported external job posting ids"),
    (6022, 400, "Provided application id is not supported"),
    (6023, 400, "Invalid DateRange! Number of days between"),
    (6024, 500, "Failed to find daily job charges for a provided partner"),
    (6025, 500, "Failed to find daily job analytic metrics"),
    (6026, 500, "Failed to find a set of external job posting ids"),
]


def parameters_of(fault):
    return {name for _, name, _, _ in Formatter().parse(fault.row.message) if name is not None}


def test_codes_are_unique_and_increase():
    codes = [fault.row.code for fault in Fault]
    assert codes == sorted(set(codes))


def test_no_two_faults_are_the_same_row():
    assert len(Fault.__members__) == len(list(Fault))


def test_the_table_contains_exactly_the_errors_of_the_reports_page():
    block = {fault.row.code: fault.row for fault in Fault if 6000 <= fault.row.code < 7000}

    assert sorted(block) == [code for code, _, _ in REPORT_ERRORS]
    for code, status, opening in REPORT_ERRORS:
        row = block[code]
        assert (row.status, row.service) == (status, code)
        assert row.message.startswith(opening)


def test_messages_of_the_reports_page_are_verbatim(shared):
    page = (shared / "spec" / "p4p-reports-page.txt").read_text(encoding="utf-8")
    for fault in Fault:
        if 6000 <= fault.row.code < 7000:
            text = fault.row.message.replace("{external_id}", "{external-job-posting-id}")
            assert f"{fault.row.code}\n{fault.row.status}\n{text}" in page


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name)
def test_every_message_can_be_formatted(fault):
    values = {name: f"<{name}>" for name in parameters_of(fault)}

    refused = Refused(fault, **values)

    assert all(name.isidentifier() for name in values)
    assert all(value in refused.message for value in values.values())
    assert "{" not in refused.message
    assert (refused.fault, refused.parameters, str(refused)) == (fault, values, refused.message)
    assert 400 <= fault.row.status < 600


@pytest.mark.parametrize(
    "fault", [fault for fault in Fault if parameters_of(fault)], ids=lambda fault: fault.name
)
def test_a_missing_parameter_is_a_programming_error(fault):
    with pytest.raises(KeyError):
        Refused(fault)
