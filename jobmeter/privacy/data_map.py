"""Owns the table of personal data: each column of the database that holds any. ``docs/explanation/personal-data.md`` is printed from it.

A test compares it, and a list of what is not personal, with the columns of the database. Pure.
"""

from jobmeter.privacy.model import PersonalData

MEMBER, VISITOR = "`jobmeter erase member`", "`jobmeter erase visitor`"
WITH_PERSON = f"with the person; {MEMBER}"
POSTER = "a poster's e-mail address"
LATER = "until `JOBMETER_POSTER_RETENTION_DAYS` after the last job of the poster"
SENT_JOB = "the job as its partner sent it, which may name people to contact in its text"

PERSONAL: tuple[PersonalData, ...] = (
    # -- visitors
    PersonalData("events", ("visitor",), what="a visitor of the job board, as a number of the day", why="settlement recognizes repeats, bursts, and clicks without a view", kept="with the events; who it is cannot be found out once the day's salt is deleted", erased=f"{VISITOR}; the salt, after 14 days"),
    PersonalData("events", ("address",), what="the first 24 bits of an address, or 48 of IPv6, as a number of the day", why="settlement recognizes data centres and bursts", kept="with the events; which network it is cannot be found out once the day's salt is deleted", erased="the salt, after 14 days"),
    PersonalData("visitor_salts", ("salt",), what="what the numbers of a day's visitors and networks are made with", why="settlement compares them with lists and with the day before", kept="14 days, and until the day and the next one are final", erased="the chore `delete old personal data`"),
    PersonalData("recent_clicks", ("subject",), what="a visitor or a network, as a number of the day", why="intake recognizes bursts", kept="50 hours", erased=f"{VISITOR}; the chore `trim refused events`"),
    PersonalData("excluded_visitors", ("subject", "note"), what="a visitor's hash or a network that a customer excludes, with the customer's words", why="staff and testers are not charged for", kept="until the customer removes it", erased=f"{VISITOR}; `DELETE /partner/excludedVisitors/{{id}}`"),
    PersonalData("settlement_exclusions", ("subject", "origin", "note"), what="a visitor's hash, a network or an event that the operator excludes, with its words", why="invalid clicks are not charged for", kept="until the operator removes it", erased=f"{VISITOR}; `jobmeter exclusions remove`"),
    PersonalData("refused_events", ("source", "event_id", "message"), what="the names that a job board gives its events, and why one was refused", why="senders find their mistakes", kept="the last 50 of each application", erased="the chore `trim refused events`"),
    PersonalData("sandbox_events", ("event_id", "body"), what="invented visitors", why="only in a sandbox", kept="with the sandbox", erased="with the sandbox"),
    # -- members and people
    PersonalData("job_postings", ("poster_email",), what=POSTER, why="the member sees its jobs, and candidates apply by mail to it", kept=LATER, erased=MEMBER),
    PersonalData("job_postings", ("content",), what=f"{SENT_JOB}, and {POSTER}", why="the job's page", kept=f"with the job; the address {LATER}", erased=f"the address: {MEMBER}; the text: its partner's update"),
    PersonalData("job_changes", ("poster_email", "actor"), what=f"{POSTER}, and who changed a job", why="partner and member see who changed what", kept=LATER, erased=MEMBER),
    PersonalData("credit_uses", ("poster_email",), what=POSTER, why="credits are invoiced by poster", kept=LATER, erased=MEMBER),
    PersonalData("billing_lines", ("poster_email",), what=POSTER, why="an invoice names whose jobs it bills", kept="with the document, as the law of taxes requires", erased=f"in drafts {MEMBER}; never in issued documents"),
    PersonalData("hiring_contracts", ("seats", "default_poster_email"), what="the e-mail addresses of a client's recruiters", why="they use the client's slots", kept="until they are erased", erased=MEMBER),
    PersonalData("feed_errors", ("why", "title", "flaws"), what="values of a job that could not be read", why="the partner corrects its feed", kept="until the feed is read again", erased="the next run of the feed"),
    PersonalData("job_tasks", ("error_message",), what="values of a job that could not be posted", why="the partner corrects its request", kept="with the task", erased="no command: the partner sends the job again"),
    PersonalData("people", ("email", "name", "language", "time_zone", "theme"), what="a person who logs in", why="log-in, mails, the pages as they like them", kept="until the person is removed", erased=WITH_PERSON),
    PersonalData("passkeys", ("credential_id", "public_key", "name"), what="a person's passkey", why="log-in", kept="until it is removed", erased=WITH_PERSON),
    PersonalData("person_sessions", ("token_hash", "device", "network"), what="where a person is logged in: kind of browser, network", why="the person ends sessions of lost devices", kept="30 days at most", erased=WITH_PERSON),
    PersonalData("login_requests", ("email", "language", "network", "browser_hash", "token_hash", "code_hash"), what="who asked for a mail to log in, and from where", why="log-in; limits of mails", kept="an hour", erased=f"{MEMBER}; the chore `sweep requests to log in and sessions`"),
    PersonalData("passkey_challenges", ("challenge_hash",), what="that a passkey signed", why="a signature is used once", kept="minutes", erased="the chore `sweep requests to log in and sessions`"),
    # -- contacts of companies
    PersonalData("notice_endpoints", ("email", "url"), what="where a partner wants notifications", why="they are sent there", kept="until the partner removes it", erased="the partner, or `jobmeter webhooks remove`"),
    PersonalData("notices", ("subject", "body", "last_outcome", "answer_text"), what="what was sent: it may name a poster, or who changed a job", why="a delivery is repeated, and shown to its partner", kept="30 days after it was delivered or given up", erased=f"{MEMBER}; the chore `sweep notifications`"),
    PersonalData("billing_profiles", ("legal_name", "address_lines", "city", "postcode", "emails"), what="who is invoiced, and to which addresses invoices are mailed", why="invoices", kept="with the account, as the law of taxes requires", erased="another profile from a day on: `jobmeter billing`"),
    PersonalData("billing_sellers", ("legal_name", "address_lines", "city", "postcode", "emails", "iban"), what="who invoices: the operator's own company", why="invoices", kept="as the law of taxes requires", erased="another seller from a day on: `jobmeter billing`"),
    PersonalData("billing_documents", ("buyer", "seller"), what="the same, as they were when a document was issued", why="invoices", kept="as the law of taxes requires", erased="never: an issued document is not changed"),
    PersonalData("billing_files", ("content",), what="the files of an issued document", why="invoices", kept="as the law of taxes requires", erased="never: an issued document is not changed"),
    PersonalData("billing_mails", ("email", "last_outcome"), what="to whom a document was mailed", why="it is mailed once, and tried again", kept="with the document", erased="with the document"),
    PersonalData("billing_payments", ("reference", "note"), what="what a bank says of a payment, with the operator's words", why="payments are matched with invoices", kept="as the law of taxes requires", erased="never: a payment is corrected by another"),
    # -- who did what
    PersonalData("audit_records", ("actor_name", "subject_id", "values_before", "values_after"), what="who did which administrative act, and what it changed", why="proof of who changed what", kept="with the ledger, in whose chain it is sealed", erased="never: a sealed record is not changed"),
    PersonalData("operator_keys", ("name",), what="the name of a key, which may be a person's", why="the audit log names it", kept="with the audit log", erased="never: revoke it, and name keys by their purpose"),
    PersonalData("logged_requests", ("path", "query", "request_headers", "request_body", "response_headers", "response_body", "token_mark"), what="what partners' software sent and received, secrets masked; bodies only if `JOBMETER_REQUEST_LOG=bodies`", why="partners find their mistakes", kept="`JOBMETER_REQUEST_LOG_DAYS`", erased=f"{MEMBER}; the chore `sweep recorded requests`"),
    PersonalData("repeat_claims", ("claim_hash", "body_hash", "sealed_answer"), what="an answer, encrypted by the request's own key", why="a repeated request gets the same answer", kept="a day", erased="the chore `sweep call counters and idempotency claims`"),
)  # fmt: skip
