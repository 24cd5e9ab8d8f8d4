"""Owns the rules of pay for performance, and those of our own. Pure.

LinkedIn's numbers are kept where they are public; X- numbers are ours, for duties that the documentation states elsewhere.
"""

from jobmeter.certification.model import Certainty, Group, Role, Rule

SEEN, PARTLY, INFERRED = Certainty.SEEN, Certainty.PARTLY, Certainty.INFERRED
_ONBOARDING, _JOBS, _REPORTS = "Onboarding", "Jobs", "Reports"
_CERTIFICATION = "P4P certification"
_OVERVIEW, _CONTRACTS, _CAMPAIGNS = "P4P overview", "customer contract provisioning", "job campaigns"
_CREATE, _TASKS, _STATUS, _REPORT_PAGE = "create jobs", "job tasks", "job posting status", "P4P reports"

# fmt: off
P4P_RULES = (
    Rule(
        id="JD-001", group=Group.P4P, module="1 Onboarding fundamentals", role=Role.INDIVIDUAL,
        title="Each customer's company is linked to its application",
        show="Onboard two customers, post a job for each, then onboard one of them again.",
        judged="each customer gets one application; its jobs name the company by URN or page; no company under two applications;"
               " the second onboarding finds the application",
        by_hand="Where the link between company and application is stored, and the screens on which it is made and changed.",
        source=_CERTIFICATION, certainty=PARTLY,
    ),
    Rule(
        id="P4P-REPORTS", group=Group.P4P, module=_REPORTS,
        title="Both reports are understood",
        show="Send one request for a job report and one for the budget report; any client will do.",
        judged="a job report and a budget report are answered with 200",
        source=_REPORT_PAGE, certainty=SEEN,
    ),
    Rule(
        id="X-01", group=Group.P4P, module=_ONBOARDING,
        title="The contract of a new customer is set up before its first job",
        show="Create a customer's application, set up its contract, post a job.",
        judged="the set-up comes before the first job that is paid by the click", source=_CONTRACTS, certainty=INFERRED,
    ),
    Rule(
        id="X-02", group=Group.P4P, module=_ONBOARDING, is_optional=True,
        title="Of several partner contracts, the set-up names one",
        show="Set up a customer's contract with partnerContractId.",
        judged="the body names a contract; a refusal for want of one is resolved", source=_CONTRACTS, certainty=INFERRED,
    ),
    Rule(
        id="X-03", group=Group.P4P, module=_ONBOARDING,
        title="Jobs use the contract that the set-up returned",
        show="Post a job after the set-up.",
        judged="the contract of each job is that of the set-up, or the partner's own", source=_CONTRACTS, certainty=INFERRED,
    ),
    Rule(
        id="X-04", group=Group.P4P, module=_JOBS, role=Role.INDIVIDUAL,
        title="A job has a total budget",
        show="Post a job with budget.payForPerformanceTotalBudget.",
        judged="the budget has a currency and an amount, both as text", source=_OVERVIEW, certainty=INFERRED,
    ),
    Rule(
        id="X-05", group=Group.P4P, module=_JOBS, role=Role.INDIVIDUAL,
        title="Campaigns are left to campaign partners",
        show="Post jobs without campaigns.", judged="no call of the campaign API", source=_CAMPAIGNS, certainty=INFERRED,
    ),
    Rule(
        id="X-06", group=Group.P4P, module=_JOBS,
        title="Places are complete, and refused ones corrected",
        show="Post jobs with county, state and country; correct one whose task failed because of its place.",
        judged="no job that failed because of its place is left as it is; a place of fewer than three parts is remarked",
        source=_OVERVIEW, certainty=INFERRED,
    ),
    Rule(
        id="X-07", group=Group.P4P, module=_JOBS,
        title="Each task is followed to its end",
        show="Poll the task of every operation until it has ended, not more often than necessary.",
        judged="every task is seen to end; none is polled more than twice within a second; no job is used before",
        source=_TASKS, certainty=INFERRED,
    ),
    Rule(
        id="X-08", group=Group.P4P, module=_JOBS,
        title="A closed job is closed",
        show="Close a job, and follow the task; treat 409 as success.",
        judged="the task of a CLOSE succeeds; a 409 is not repeated", source="close jobs", certainty=INFERRED,
    ),
    Rule(
        id="X-09", group=Group.P4P, module=_JOBS,
        title="Errors inside a 200 are noticed",
        show="Post a batch in which one job has no title, and one whose task fails; correct them, or leave them.",
        judged="a refused or failed job is neither sent again unchanged nor treated as live",
        by_hand="What the customer is shown about such a job.", source=_TASKS, certainty=INFERRED,
    ),
    Rule(
        id="X-10", group=Group.P4P, module=_JOBS,
        title="The status of jobs is checked periodically",
        show="Read jobPostingStatus of a live job on two days.", judged="the status of one job is read on two days",
        by_hand="Where jobPostingUrl, listingStatus, linkedInApplyStatus and promotionStatus are shown.",
        source=_STATUS, certainty=INFERRED,
    ),
    Rule(
        id="X-11", group=Group.P4P, module=_JOBS, is_optional=True,
        title="Webhooks: one for each kind of event",
        show="Register a webhook, if you use them.", judged="no two webhooks of one application for the same kind",
        by_hand="The challenge of the registration is answered, and events are acknowledged with 2xx.",
        source="notifications", certainty=INFERRED,
    ),
    Rule(
        id="X-12", group=Group.P4P, module=_REPORTS,
        title="Each report is requested by the right application",
        show="Job reports with the customer's token, budget reports with the partner's.",
        judged="no 6000, 6001 or 6022", source=_REPORT_PAGE, certainty=INFERRED,
    ),
    Rule(
        id="X-13", group=Group.P4P, module=_REPORTS,
        title="Reports by ids: ten ids, one month",
        show="Read the report of a job for up to 31 days of one month; two months as two requests.",
        judged="no 6011 or 6021", source=_REPORT_PAGE, certainty=INFERRED,
    ),
    Rule(
        id="X-14", group=Group.P4P, module=_REPORTS,
        title="Reports by range: seven days, all pages",
        show="Read a report by date range to its last page.",
        judged="no 6023; the pages that were read reach the total", source=_REPORT_PAGE, certainty=INFERRED,
    ),
    Rule(
        id="X-15", group=Group.P4P, module=_REPORTS,
        title="Only days that are over are requested",
        show="Read reports up to yesterday (UTC), each range once a day.",
        judged="no range reaches today; repeats on one day are remarked", source=_REPORT_PAGE, certainty=INFERRED,
    ),
    Rule(
        id="X-16", group=Group.P4P, module=_REPORTS,
        title="Figures are read again after 48 hours",
        show="Read a day's report, move the clock by three days, read it again.",
        judged="a day is in two reports that are 48 hours apart", source=_REPORT_PAGE, certainty=INFERRED,
    ),
    Rule(
        id="X-17", group=Group.P4P, module=_JOBS,
        title="An exhausted budget is handled",
        show="Post a job with a budget above what the contract has left.",
        judged="the job is not sent again unchanged in a loop after 402",
        by_hand="What the customer is shown.", source=_CREATE, certainty=INFERRED,
    ),
    Rule(
        id="X-18", group=Group.P4P, module=_JOBS, role=Role.CAMPAIGN,
        title="A campaign exists before its jobs",
        show="Create a campaign of a contract, then a job with its partnerJobCampaignId.",
        judged="the campaign is created first; no task ends with MISSING_JOB_CAMPAIGN", source=_CAMPAIGNS, certainty=INFERRED,
    ),
    Rule(
        id="X-19", group=Group.P4P, module=_ONBOARDING,
        title="Calls carry their version and their method",
        show="Send LinkedIn-Version under /rest, and X-RestLi-Method: batch_create with jobs.",
        judged="both headers are on every such call", source="versioning", certainty=INFERRED,
    ),
    Rule(
        id="X-20", group=Group.P4P, module=_ONBOARDING,
        title="One token serves many calls",
        show="Make several calls with each token, also from several threads.",
        judged="no more than one token is requested while the one before is valid",
        source="CRM Connect certification, and every P4P page", certainty=INFERRED,
    ),
)

OWN_RULES = (
    Rule(
        id="X-27", group=Group.OWN, module="Errors", is_optional=True,
        title="A throttled call waits",
        show="Let a call be answered with 429.", judged="the same call is repeated after the seconds of Retry-After",
        source="Jobmeter", certainty=INFERRED,
    ),
    Rule(
        id="X-28", group=Group.OWN, module="Errors", is_optional=True,
        title="Server errors and broken connections are survived",
        show="Let a call be answered with 5xx, and another one by a broken connection.",
        judged="the same call is repeated, not at once, and succeeds", source="Jobmeter", certainty=INFERRED,
    ),
)
# fmt: on
