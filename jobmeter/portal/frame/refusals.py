"""Owns the texts of refusals on pages: a title, what was not done, and what to do, for each status and for some faults.

Does not own which refusal applies (``base.faults``).
"""

from typing import NamedTuple

from jobmeter.base.faults import Fault
from jobmeter.portal.catalogue.texts import mark


class Explanation(NamedTuple):
    title: str
    text: str


_BY_FAULT = {
    Fault.FORM_NOT_OURS: Explanation(
        mark("The form was not accepted"),
        mark(
            "It does not come from a page that this browser was shown in this session. Nothing was changed. Open the page again and send it from there; cookies have to be accepted."
        ),
    ),
    Fault.LOGIN_NEEDED: Explanation(
        mark("You are not logged in any more"), mark("Nothing was changed. Log in, then send the form again.")
    ),
    Fault.PAGE_NOT_ALLOWED: Explanation(
        mark("Your role may not do this"),
        mark(
            "Nothing was changed. If you have another role, choose it at the top of the page; otherwise ask who invited you."
        ),
    ),
    Fault.LOGINS_TOO_MANY: Explanation(
        mark("Too many mails"),
        mark(
            "No further mail was sent. The link and the code of the newest one can still be used for 15 minutes."
        ),
    ),
    Fault.BODY_TOO_LARGE: Explanation(
        mark("The form is too long"), mark("Nothing was changed. Go back and shorten what you entered.")
    ),
}
_BY_STATUS = {
    Fault.ACCESS_DENIED.row.status: Explanation(mark("Not allowed"), mark("Nothing was changed.")),
    Fault.ROUTE_UNKNOWN.row.status: Explanation(
        mark("There is nothing here"),
        mark(
            "The address may be incomplete, or what it names may belong to another account. Nothing was changed."
        ),
    ),
    Fault.METHOD_NOT_ALLOWED.row.status: Explanation(
        mark("Not possible here"), mark("This address cannot be opened like this. Nothing was changed.")
    ),
    Fault.JOB_GONE.row.status: Explanation(
        mark("This is over"), mark("What was here is over. Nothing was changed.")
    ),
    Fault.BODY_INVALID.row.status: Explanation(
        mark("This cannot be done as entered"),
        mark("Nothing was changed. Go back and correct what you entered."),
    ),
    Fault.THROTTLED.row.status: Explanation(
        mark("Too many attempts"), mark("Nothing was changed. Wait a minute, then try again.")
    ),
    Fault.OVERLOADED.row.status: Explanation(
        mark("Try again in a moment"),
        mark(
            "The server cannot answer right now. Whether a form that you just sent was accepted is shown on its page."
        ),
    ),
}
_SERVER_ERROR = Explanation(
    mark("Something went wrong"),
    mark(
        "The error is recorded. Nothing was changed. Try again; if it happens again, report the number of the request below."
    ),
)
_OTHER = Explanation(mark("This was not accepted"), mark("Nothing was changed."))


def explain(fault: Fault) -> Explanation:
    found = _BY_FAULT.get(fault) or _BY_STATUS.get(fault.row.status)
    if found is not None:
        return found
    return _SERVER_ERROR if fault.row.status >= Fault.INTERNAL.row.status else _OTHER
