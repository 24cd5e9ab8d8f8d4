"""Owns the rules of the job-posting modules, which are recommended for pay for performance, and not assessed for it. Pure."""

from jobmeter.certification.model import Certainty, Group, Rule

SEEN, PARTLY = Certainty.SEEN, Certainty.PARTLY
_A, _B, _C, _E = (
    "1 Authentication",
    "2 Customer application and set-up",
    "3 Create and manage jobs",
    "5 Basic and premium jobs",
)
_POSTING = Group.POSTING

# fmt: off
POSTING_RULES = (
    Rule(
        id="JP-A-01", group=_POSTING, module=_A, title="A token is requested by POST",
        show="Get a token with the client credentials in the body.",
        judged="no GET of the token endpoint, no secret in a URL", source="module 1 (older: JP-001)", certainty=SEEN,
    ),
    Rule(
        id="JP-A-02", group=_POSTING, module=_A, is_optional=True, title="A token's validity is checked from time to time",
        show="Introspect a token, or keep track of its end.",
        judged="an introspection returns active, or no call carries an expired token for longer than one lives",
        by_hand="How the validity is checked, if requests do not show it; it may be explained.",
        source="module 1 (older: JP-002)", certainty=SEEN,
    ),
    Rule(
        id="JP-A-03", group=_POSTING, module=_A, title="The end of a token is noticed",
        show="Continue after the sandbox's clock was moved by 31 minutes.",
        judged="a new token is requested before the next call, or after one 401 with 65602",
        source="module 1 (older: JP-003)", certainty=SEEN,
    ),
    Rule(
        id="JP-A-04", group=_POSTING, module=_A, title="A revoked token is replaced",
        show="Continue after the token was revoked.",
        judged="401, a new token, and the same call again with success; at most one blind repeat",
        source="module 1 (older: JP-004)", certainty=SEEN,
    ),
    Rule(
        id="JP-B-01", group=_POSTING, module=_B, title="A customer has exactly one application",
        show="Create a customer's application and post its jobs with it.",
        judged="no company's jobs come from two applications", by_hand="When the application is created.",
        source="module 2 (older: JP-005)", certainty=SEEN,
    ),
    Rule(
        id="JP-B-02", group=_POSTING, module=_B, title="An existing application is found",
        show="Onboard the same customer again.",
        judged="the application is looked up before, or after a 409", source="module 2 (older: JP-006)", certainty=SEEN,
    ),
    Rule(
        id="JP-B-03", group=_POSTING, module=_B, title="Customers opt in, with their company's id",
        show="Post jobs that carry the company's id.", judged="every job has the id or page of its company",
        by_hand="How a customer opts in, or is opted in by default, and enters its company id.",
        source="module 2 (older: JP-007), the end was not visible", certainty=PARTLY,
    ),
    Rule(
        id="X-21", group=_POSTING, module=_B, is_optional=True, title="A customer may have several company ids",
        show="Post jobs of two companies with one customer's application.", judged="two companies under one application",
        by_hand="How a company id is changed, and what explains it.",
        source="module 2, older edition", certainty=PARTLY,
    ),
    Rule(
        id="JP-C-01", group=_POSTING, module=_C, title="A job is created",
        show="Create a requisition; its job becomes live.", judged="CREATE, 202, and a task that succeeds",
        by_hand="How a customer creates a requisition.", source="module 3", certainty=SEEN,
    ),
    Rule(
        id="JP-C-02", group=_POSTING, module=_C, title="Fields are complete and mapped",
        show="Post jobs with all required fields.",
        judged="required fields are present; OTHER and NOT_APPLICABLE are remarked: send the raw text instead",
        source="module 3", certainty=SEEN,
    ),
    Rule(
        id="JP-C-03", group=_POSTING, module=_C, is_optional=True, title="The workplace type is sent",
        show="Post a remote job, or one with a workplace type, if your career site shows them.",
        judged="a job with one workplace type becomes live", source="module 3", certainty=SEEN,
    ),
    Rule(
        id="JP-C-04", group=_POSTING, module=_C, title="The address of the job can be seen",
        show="Read the status of a live job.", judged="the status is read after the task, and has jobPostingUrl",
        by_hand="Where the address is shown.", source="module 3", certainty=SEEN,
    ),
    Rule(
        id="JP-C-05", group=_POSTING, module=_C, title="A live job can be changed",
        show="Change title or description of a live job.", judged="a complete UPDATE with another text, and a task that succeeds",
        source="module 3, the last words were not visible", certainty=SEEN,
    ),
    Rule(
        id="X-22", group=_POSTING, module=_C, is_optional=True, title="A job can be private",
        show="Post a job with availability PRIVATE_TO_ATS_INTEGRATION, for customers with Recruiter.",
        judged="such a job is accepted", source="module 3, older edition", certainty=SEEN,
    ),
    Rule(
        id="X-23", group=_POSTING, module=_C, is_optional=True, title="A private job is made public",
        show="Update it with availability PUBLIC.", judged="the update's task succeeds",
        by_hand="Where the address is shown afterwards.", source="module 3, older edition", certainty=SEEN,
    ),
    Rule(
        id="JP-E-01", group=_POSTING, module=_E, is_optional=True, title="One application for basic and premium jobs",
        show="Post a basic and a premium job of one company.", judged="both come from one application",
        source="module 5", certainty=SEEN,
    ),
    Rule(
        id="JP-E-02", group=_POSTING, module=_E, is_optional=True, title="A basic job is upgraded",
        show="Post a basic job, wait for its task, UPGRADE it, wait again, read its status.",
        judged="in this order, and no status before the task has ended", by_hand="Where type and address are shown.",
        source="module 5", certainty=SEEN,
    ),
    Rule(
        id="JP-E-03", group=_POSTING, module=_E, is_optional=True, title="A premium job is downgraded",
        show="The same with DOWNGRADE.", judged="in this order, and no status before the task has ended",
        by_hand="Where type and address are shown.", source="module 5, the last words were not visible", certainty=SEEN,
    ),
)
# fmt: on
