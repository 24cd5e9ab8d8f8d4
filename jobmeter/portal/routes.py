"""Owns the table of pages and forms, one row each. Routes, menus and the security tests read it.

Does not own how a page is served (``dialect``). Pages are not part of the OpenAPI document.
"""

from collections.abc import Sequence

from starlette.routing import Route

from jobmeter.http.pipeline import make_route
from jobmeter.people.model import OPERATOR_ROLES, PARTNER_ROLES, Role
from jobmeter.portal.catalogue.texts import mark
from jobmeter.portal.dialect import PageDialect
from jobmeter.portal.frame.assets import make_asset_routes
from jobmeter.portal.frame.site import ORIGIN_ALONE, PageRow, Site
from jobmeter.portal.pages import account, confirm, demonstration, display, login, session, start
from jobmeter.portal.pages.my import job_changes as changes
from jobmeter.portal.pages.my import jobs as my_jobs
from jobmeter.portal.pages.my import slots as my_slots
from jobmeter.portal.pages.my import statement as my_statement
from jobmeter.portal.pages.operator import applications as operator_applications
from jobmeter.portal.pages.operator import audit as operator_audit
from jobmeter.portal.pages.operator import cockpit
from jobmeter.portal.pages.operator import jobs as operator_jobs
from jobmeter.portal.pages.operator import partners as operator_partners
from jobmeter.portal.pages.operator import people as operator_people
from jobmeter.portal.pages.operator.programme import (
    billing,
    exclusions,
    explain,
    health,
    hiring,
    hiring_prices,
    invalid_traffic,
    prices,
    settlement,
)
from jobmeter.portal.pages.operator.programme import contracts as operator_contracts
from jobmeter.portal.pages.partner import jobs as partner_jobs
from jobmeter.portal.pages.partner import overview
from jobmeter.portal.pages.partner import people as partner_people
from jobmeter.portal.pages.partner.job import day as partner_day
from jobmeter.portal.pages.partner.job import job as partner_job
from jobmeter.portal.pages.partner.links import applications, feeds, requests, webhook, webhooks
from jobmeter.portal.pages.partner.money import contracts, invoice, invoices, line_files, statements
from jobmeter.portal.pages.partner.reports import not_charged as partner_uncharged
from jobmeter.portal.pages.partner.reports import reports as partner_reports
from jobmeter.portal.pages.sandbox import clock as sandbox_clock
from jobmeter.portal.pages.sandbox import controls as sandbox_controls
from jobmeter.portal.pages.sandbox import rehearsal

EVERYBODY = None  # also without a session
PERSON = frozenset(Role)
OPERATORS = frozenset({Role.OPERATOR})
CUSTOMER = frozenset({Role.CUSTOMER})
MANAGERS = frozenset({Role.PARTNER_MANAGER})
OWNER = frozenset({Role.MEMBER, Role.CUSTOMER})

# fmt: off
PAGES: tuple[PageRow, ...] = (
    # -- everybody
    PageRow("GET", "/portal", start.show_start, roles=PERSON, summary="Redirect to the first page of the chosen role"),
    PageRow("GET", "/portal/login", login.show_login, roles=EVERYBODY, referrer=ORIGIN_ALONE, summary="Log in"),
    PageRow("POST", "/portal/login", login.request_mail, roles=EVERYBODY, referrer=ORIGIN_ALONE, summary="Ask for a mail to log in with"),
    PageRow("GET", "/portal/login/sent", login.show_sent, roles=EVERYBODY, referrer=ORIGIN_ALONE, summary="Wait for the mail, or type its code"),
    PageRow("POST", "/portal/login/code", login.log_in_by_code, roles=EVERYBODY, referrer=ORIGIN_ALONE, summary="Log in with the code of a mail"),
    PageRow("GET", "/portal/login/link", login.show_link, roles=EVERYBODY, referrer=ORIGIN_ALONE, summary="Show whom the link of a mail logs in"),
    PageRow("POST", "/portal/login/link", login.log_in_by_link, roles=EVERYBODY, referrer=ORIGIN_ALONE, summary="Log in with the link of a mail"),
    PageRow("POST", "/portal/login/passkey", login.log_in_by_passkey, roles=EVERYBODY, referrer=ORIGIN_ALONE, summary="Log in with a passkey"),
    PageRow("GET", "/portal/confirm", confirm.show_confirm, roles=PERSON, summary="Confirm that it is the person who is logged in"),
    PageRow("POST", "/portal/confirm/mail", confirm.request_mail, roles=PERSON, summary="Ask for a mail with a code to confirm with"),
    PageRow("POST", "/portal/confirm/code", confirm.confirm_by_code, roles=PERSON, summary="Confirm with the code of a mail"),
    PageRow("POST", "/portal/confirm/passkey", confirm.confirm_by_passkey, roles=PERSON, summary="Confirm with a passkey"),
    PageRow("GET", "/portal/account", account.show_account, roles=PERSON, summary="Show the person's sessions, passkeys and settings"),
    PageRow("POST", "/portal/account", account.change_account, roles=PERSON, summary="Change name, language, time zone and theme"),
    PageRow("POST", "/portal/account/sessions/end", account.end_session, roles=PERSON, summary="End one of the person's sessions"),
    PageRow("POST", "/portal/account/sessions/end-all", account.end_all_sessions, roles=PERSON, summary="End all sessions of the person"),
    PageRow("POST", "/portal/account/passkeys", account.add_passkey, roles=PERSON, needs_confirmation=True, summary="Store a new passkey"),
    PageRow("POST", "/portal/account/passkeys/remove", account.remove_passkey, roles=PERSON, summary="Remove a passkey"),
    PageRow("POST", "/portal/sandbox/login", demonstration.log_in_for_demonstration, roles=EVERYBODY, summary="Log in as somebody of a sandbox's demonstration"),
    PageRow("GET", "/portal/sandbox/mails", demonstration.show_mails, roles=EVERYBODY, summary="Show the last mails of a sandbox"),
    PageRow("POST", "/portal/logout", session.log_out, roles=PERSON, summary="End the session"),
    PageRow("POST", "/portal/role", session.change_role, roles=PERSON, summary="Choose another role"),
    PageRow("POST", "/portal/display", display.change_display, roles=EVERYBODY, summary="Choose language and theme"),
    # -- a sandbox
    PageRow("GET", "/portal/sandbox", sandbox_controls.show_controls, roles=PERSON, summary="Show a sandbox's clock, traffic, forced failures and credentials"),
    PageRow("POST", "/portal/sandbox/clock", sandbox_clock.move_clock, roles=PERSON, is_unique=True, summary="Move a sandbox's clock"),
    PageRow("GET", "/portal/sandbox/clock", sandbox_clock.show_way, roles=PERSON, summary="Show how far a move of the clock is, and what happened on the way"),
    PageRow("POST", "/portal/sandbox/traffic", sandbox_controls.set_traffic, roles=PERSON, summary="Turn a sandbox's traffic on or off"),
    PageRow("POST", "/portal/sandbox/failure", sandbox_controls.set_failure, roles=PERSON, summary="Choose the error that the next calls return"),
    PageRow("GET", "/portal/sandbox/rehearsal", rehearsal.show_rehearsal, roles=PARTNER_ROLES | OPERATOR_ROLES, summary="Show the rules of the certification, ticked from the log of requests"),
    # -- members and customers
    PageRow("GET", "/portal/my/jobs", my_jobs.list_jobs, roles=OWNER, menu=mark("My jobs"), summary="List the person's jobs"),
    PageRow("GET", "/portal/my/jobs/{job_id:int}", my_jobs.show_job, roles=OWNER, summary="Show a job with its figures"),
    PageRow("GET", "/portal/my/jobs/{job_id:int}/days.{format}", partner_job.download_days, roles=OWNER, summary="Download the days of a job"),
    PageRow("GET", "/portal/my/jobs/{job_id:int}/edit", changes.show_edit, roles=OWNER, summary="Show the texts of a job"),
    PageRow("POST", "/portal/my/jobs/{job_id:int}/edit", changes.edit_job, roles=OWNER, summary="Edit the texts of a job"),
    PageRow("GET", "/portal/my/jobs/{job_id:int}/close", changes.show_close, roles=OWNER, summary="Show what closing a job ends"),
    PageRow("POST", "/portal/my/jobs/{job_id:int}/close", changes.close_job, roles=OWNER, summary="Close a job"),
    PageRow("GET", "/portal/my/jobs/{job_id:int}/renew", changes.show_renew, roles=OWNER, summary="Show what renewing a job takes"),
    PageRow("POST", "/portal/my/jobs/{job_id:int}/renew", changes.renew_job, roles=OWNER, summary="Renew a job on an own slot"),
    PageRow("GET", "/portal/my/slots", my_slots.list_slots, roles=OWNER, menu=mark("My slots"), summary="List the person's slots"),
    PageRow("GET", "/portal/my/statement", my_statement.show_statement, roles=CUSTOMER, menu=mark("Statement"), summary="Show what a customer's jobs used in a month"),
    PageRow("GET", "/portal/my/statement/file", my_statement.download_statement, roles=CUSTOMER, summary="Download a customer's statement"),
    # -- partners
    PageRow("GET", "/portal/partner", overview.show_overview, roles=PARTNER_ROLES, menu=mark("Overview"), summary="Show a partner's contracts, spend and what needs somebody"),
    PageRow("GET", "/portal/partner/jobs", partner_jobs.list_jobs, roles=PARTNER_ROLES, menu=mark("Jobs"), summary="List a partner's jobs"),
    PageRow("GET", "/portal/partner/jobs.{format}", partner_jobs.download_jobs, roles=PARTNER_ROLES, summary="Download a partner's jobs"),
    # -- a partner's jobs and reports
    PageRow("GET", "/portal/partner/jobs/{job_id:int}", partner_job.show_job, roles=PARTNER_ROLES, summary="Show a job of a partner with its money and figures"),
    PageRow("GET", "/portal/partner/jobs/{job_id:int}/days.{format}", partner_job.download_days, roles=PARTNER_ROLES, summary="Download the days of a job"),
    PageRow("GET", "/portal/partner/jobs/{job_id:int}/days/{day}", partner_day.show_day, roles=PARTNER_ROLES, summary="Show the clicks of a job's day"),
    PageRow("GET", "/portal/partner/jobs/{job_id:int}/days/{day}/clicks.{format}", partner_day.download_clicks, roles=PARTNER_ROLES, summary="Download the clicks of a job's day"),
    PageRow("GET", "/portal/partner/jobs/{job_id:int}/edit", changes.show_edit, roles=MANAGERS, summary="Show the texts of a partner's job"),
    PageRow("POST", "/portal/partner/jobs/{job_id:int}/edit", changes.edit_job, roles=MANAGERS, summary="Edit the texts of a partner's job"),
    PageRow("GET", "/portal/partner/jobs/{job_id:int}/close", changes.show_close, roles=MANAGERS, summary="Show what closing a partner's job ends"),
    PageRow("POST", "/portal/partner/jobs/{job_id:int}/close", changes.close_job, roles=MANAGERS, summary="Close a partner's job"),
    # -- a partner's money
    PageRow("GET", "/portal/partner/contracts", contracts.list_contracts, roles=PARTNER_ROLES, menu=mark("Contracts"), summary="List a partner's contracts"),
    PageRow("GET", "/portal/partner/contracts/{contract_id:int}", contracts.show_contract, roles=PARTNER_ROLES, summary="Show a contract with its prices and movements"),
    PageRow("GET", "/portal/partner/invoices", invoices.list_invoices, roles=PARTNER_ROLES, menu=mark("Invoices"), summary="List a partner's invoices, payments and what this month costs so far"),
    PageRow("GET", "/portal/partner/invoices.csv", invoices.download_invoices, roles=PARTNER_ROLES, summary="Download a partner's list of invoices"),
    PageRow("GET", "/portal/partner/payments.csv", invoices.download_payments, roles=PARTNER_ROLES, summary="Download a partner's payments"),
    PageRow("GET", "/portal/partner/invoices/{number}", invoice.show_invoice, roles=PARTNER_ROLES, summary="Show an invoice with its lines and how it adds up"),
    PageRow("GET", "/portal/partner/invoices/{number}/file", invoice.download_file, roles=PARTNER_ROLES, summary="Download an invoice"),
    PageRow("GET", "/portal/partner/invoices/{number}/lines/{line:int}", invoice.show_line, roles=PARTNER_ROLES, summary="Show the postings and clicks of a line"),
    PageRow("GET", "/portal/partner/invoices/{number}/lines/{line:int}/charges.{format}", line_files.download_charges, roles=PARTNER_ROLES, summary="Download the postings of a line"),
    PageRow("GET", "/portal/partner/invoices/{number}/lines/{line:int}/clicks.{format}", line_files.download_clicks, roles=PARTNER_ROLES, summary="Download the clicks of a line"),
    PageRow("GET", "/portal/partner/statements", statements.list_customers, roles=PARTNER_ROLES, summary="List what a partner's customers used in a month"),
    PageRow("GET", "/portal/partner/statements.csv", statements.download_customers, roles=PARTNER_ROLES, summary="Download what a partner's customers used in a month"),
    PageRow("GET", "/portal/partner/statements/customer", statements.show_statement, roles=PARTNER_ROLES, summary="Show the statement of a customer"),
    PageRow("GET", "/portal/partner/statements/file", statements.download_statement, roles=PARTNER_ROLES, summary="Download the statement of a customer"),
    PageRow("GET", "/portal/partner/reports", partner_reports.show_reports, roles=PARTNER_ROLES, menu=mark("Reports"), summary="Show the figures of a range of days"),
    PageRow("GET", "/portal/partner/reports.{format}", partner_reports.download_reports, roles=PARTNER_ROLES, summary="Download the figures of each job and day"),
    PageRow("GET", "/portal/partner/reports/days.{format}", partner_reports.download_days, roles=PARTNER_ROLES, summary="Download the figures of each day"),
    PageRow("GET", "/portal/partner/not-charged", partner_uncharged.show_not_charged, roles=PARTNER_ROLES, menu=mark("Clicks not charged"), summary="Show the clicks that were not charged by reason"),
    PageRow("GET", "/portal/partner/not-charged.{format}", partner_uncharged.download_not_charged, roles=PARTNER_ROLES, summary="Download the clicks that were not charged"),
    # -- a partner's people
    PageRow("GET", "/portal/partner/people", partner_people.list_people, roles=PARTNER_ROLES, menu=mark("People"), summary="List a partner's people"),
    PageRow("POST", "/portal/partner/people", partner_people.invite_person, roles=MANAGERS, summary="Invite a person of a partner"),
    PageRow("POST", "/portal/partner/people/role", partner_people.change_person, roles=MANAGERS, summary="Change the role of a partner's person"),
    PageRow("POST", "/portal/partner/people/remove", partner_people.remove_person, roles=MANAGERS, summary="Remove a partner's person"),
    # -- partners: how their software is connected
    PageRow("GET", "/portal/partner/applications", applications.list_applications, roles=PARTNER_ROLES, menu=mark("Applications"), group=mark("Integration"), summary="List a partner's applications"),
    PageRow("GET", "/portal/partner/applications.{format}", applications.download_applications, roles=PARTNER_ROLES, summary="Download a partner's applications"),
    PageRow("GET", "/portal/partner/applications/new", applications.show_new, roles=MANAGERS, summary="Show the form of a new child application"),
    PageRow("POST", "/portal/partner/applications/new", applications.create_child, roles=MANAGERS, summary="Add a child application"),
    PageRow("GET", "/portal/partner/applications/{application_id:int}", applications.show_application, roles=PARTNER_ROLES, summary="Show an application with its secrets by age"),
    PageRow("POST", "/portal/partner/applications/{application_id:int}/secrets", applications.add_secret, roles=MANAGERS, summary="Make a further client secret"),
    PageRow("GET", "/portal/partner/applications/{application_id:int}/retire", applications.show_retire, roles=MANAGERS, summary="Show which client secret is retired"),
    PageRow("POST", "/portal/partner/applications/{application_id:int}/retire", applications.retire_secret, roles=MANAGERS, summary="Retire the older client secret"),
    PageRow("GET", "/portal/partner/applications/{application_id:int}/stop", applications.show_stop, roles=MANAGERS, summary="Show what ending all tokens does"),
    PageRow("POST", "/portal/partner/applications/{application_id:int}/stop", applications.stop_tokens, roles=MANAGERS, summary="End all tokens of an application"),
    PageRow("GET", "/portal/partner/feeds", feeds.list_feeds, roles=PARTNER_ROLES, menu=mark("Feeds"), group=mark("Integration"), summary="List a partner's job feeds"),
    PageRow("GET", "/portal/partner/feeds/{feed_id:int}", feeds.show_feed, roles=PARTNER_ROLES, summary="Show a feed with its runs and errors"),
    PageRow("GET", "/portal/partner/feeds/{feed_id:int}/errors.{format}", feeds.download_errors, roles=PARTNER_ROLES, summary="Download the errors of a feed"),
    PageRow("POST", "/portal/partner/feeds/{feed_id:int}/run", feeds.read_now, roles=MANAGERS, summary="Have a feed read now"),
    PageRow("GET", "/portal/partner/feeds/{feed_id:int}/close-all", feeds.show_close_all, roles=MANAGERS, summary="Show what a run without the safety stop closes"),
    PageRow("POST", "/portal/partner/feeds/{feed_id:int}/close-all", feeds.close_all, roles=MANAGERS, summary="Have a feed read without the safety stop"),
    PageRow("GET", "/portal/partner/webhooks", webhooks.list_webhooks, roles=PARTNER_ROLES, menu=mark("Webhooks"), group=mark("Integration"), summary="List a partner's webhooks"),
    PageRow("GET", "/portal/partner/webhooks/new", webhooks.show_new, roles=MANAGERS, summary="Show the form of a new webhook"),
    PageRow("POST", "/portal/partner/webhooks/new", webhooks.register_webhook, roles=MANAGERS, summary="Register a webhook"),
    PageRow("GET", "/portal/partner/webhooks/{webhook_id:int}", webhook.show_webhook, roles=PARTNER_ROLES, summary="Show a webhook with its deliveries"),
    PageRow("GET", "/portal/partner/webhooks/{webhook_id:int}/deliveries.{format}", webhook.download_deliveries, roles=PARTNER_ROLES, summary="Download the deliveries of a webhook"),
    PageRow("GET", "/portal/partner/webhooks/{webhook_id:int}/edit", webhooks.show_edit, roles=MANAGERS, summary="Show the form of a webhook"),
    PageRow("POST", "/portal/partner/webhooks/{webhook_id:int}/edit", webhooks.change_webhook, roles=MANAGERS, summary="Change a webhook, and enable it"),
    PageRow("GET", "/portal/partner/webhooks/{webhook_id:int}/remove", webhooks.show_remove, roles=MANAGERS, summary="Show what removing a webhook ends"),
    PageRow("POST", "/portal/partner/webhooks/{webhook_id:int}/remove", webhooks.remove_webhook, roles=MANAGERS, summary="Remove a webhook"),
    PageRow("POST", "/portal/partner/webhooks/{webhook_id:int}/test", webhook.send_test, roles=MANAGERS, summary="Send a test to a webhook"),
    PageRow("GET", "/portal/partner/webhooks/{webhook_id:int}/replay", webhook.show_replay, roles=MANAGERS, summary="Ask before delivered notifications are sent again"),
    PageRow("POST", "/portal/partner/webhooks/{webhook_id:int}/replay", webhook.replay, roles=MANAGERS, summary="Send deliveries again"),
    PageRow("GET", "/portal/partner/webhooks/{webhook_id:int}/deliveries/{delivery_id:uuid}", webhook.show_delivery, roles=PARTNER_ROLES, summary="Show what was sent, and what was answered"),
    PageRow("POST", "/portal/partner/webhooks/{webhook_id:int}/secrets", webhook.add_secret, roles=MANAGERS, summary="Make a further signing secret of a webhook"),
    PageRow("GET", "/portal/partner/webhooks/{webhook_id:int}/retire", webhook.show_retire, roles=MANAGERS, summary="Show which signing secret is retired"),
    PageRow("POST", "/portal/partner/webhooks/{webhook_id:int}/retire", webhook.retire_secret, roles=MANAGERS, summary="Retire the older signing secret"),
    PageRow("GET", "/portal/partner/requests", requests.list_requests, roles=PARTNER_ROLES, menu=mark("Request log"), group=mark("Integration"), summary="List the last requests of a partner's applications"),
    PageRow("GET", "/portal/partner/requests.{format}", requests.download_requests, roles=PARTNER_ROLES, summary="Download the log of requests"),
    PageRow("GET", "/portal/partner/requests/{request_number:int}", requests.show_request, roles=PARTNER_ROLES, summary="Show a request with what was sent and returned"),
    # -- the operator
    PageRow("GET", "/portal/operator", cockpit.show_cockpit, roles=OPERATOR_ROLES, menu=mark("Programme"), summary="Show what the installation and its partners are doing"),
    PageRow("GET", "/portal/operator/find", cockpit.find_anything, roles=OPERATOR_ROLES, summary="Find anything by number, name or external id"),
    # -- the operator: partners and people
    PageRow("GET", "/portal/operator/partners", operator_partners.list_partners, roles=OPERATOR_ROLES, menu=mark("Partners"), summary="List and find partners"),
    PageRow("GET", "/portal/operator/partners.{format}", operator_partners.download_partners, roles=OPERATOR_ROLES, summary="Download partners"),
    PageRow("GET", "/portal/operator/partners/new", operator_partners.show_new, roles=OPERATORS, summary="Show the form for a partner"),
    PageRow("POST", "/portal/operator/partners/new", operator_partners.add_partner, roles=OPERATORS, needs_confirmation=True, summary="Add a partner"),
    PageRow("GET", "/portal/operator/partners/{partner_id:int}", operator_partners.show_partner, roles=OPERATOR_ROLES, summary="Show a partner"),
    PageRow("POST", "/portal/operator/partners/{partner_id:int}/change", operator_partners.change_partner, roles=OPERATORS, summary="Change the name and the reference of a partner"),
    PageRow("POST", "/portal/operator/partners/{partner_id:int}/look", operator_partners.view_partner, roles=OPERATOR_ROLES, summary="Look at the pages of a partner"),
    PageRow("GET", "/portal/operator/applications", operator_applications.list_applications, roles=OPERATOR_ROLES, summary="List applications"),
    PageRow("GET", "/portal/operator/applications.{format}", operator_applications.download_applications, roles=OPERATOR_ROLES, summary="Download applications"),
    PageRow("GET", "/portal/operator/applications/{application_id:int}", operator_applications.show_application, roles=OPERATOR_ROLES, summary="Show an application with its secrets"),
    PageRow("POST", "/portal/operator/applications/{application_id:int}/secrets", operator_applications.add_secret, roles=OPERATORS, needs_confirmation=True, summary="Make a further secret"),
    PageRow("GET", "/portal/operator/applications/{application_id:int}/tokens", operator_applications.show_tokens, roles=OPERATORS, summary="Show what stopping an application does"),
    PageRow("POST", "/portal/operator/applications/{application_id:int}/tokens", operator_applications.permit_tokens, roles=OPERATORS, needs_confirmation=True, summary="Stop or permit an application"),
    PageRow("GET", "/portal/operator/people", operator_people.list_people, roles=OPERATOR_ROLES, menu=mark("People"), summary="List the people who can log in"),
    PageRow("GET", "/portal/operator/people.{format}", operator_people.download_people, roles=OPERATOR_ROLES, summary="Download people"),
    PageRow("POST", "/portal/operator/people", operator_people.invite_person, roles=OPERATORS, needs_confirmation=True, summary="Invite a person, or give a further role"),
    PageRow("GET", "/portal/operator/people/{person_id:int}", operator_people.show_person, roles=OPERATOR_ROLES, summary="Show a person with roles and sessions"),
    PageRow("POST", "/portal/operator/people/{person_id:int}/role", operator_people.change_role, roles=OPERATORS, needs_confirmation=True, summary="Change a role of a person"),
    PageRow("POST", "/portal/operator/people/{person_id:int}/role/remove", operator_people.remove_role, roles=OPERATORS, needs_confirmation=True, summary="Remove a role of a person"),
    PageRow("POST", "/portal/operator/people/{person_id:int}/sessions/end", operator_people.end_sessions, roles=OPERATORS, summary="End all sessions of a person"),
    PageRow("GET", "/portal/operator/people/{person_id:int}/remove", operator_people.show_remove, roles=OPERATORS, summary="Show what removing a person ends"),
    PageRow("POST", "/portal/operator/people/{person_id:int}/remove", operator_people.remove_person, roles=OPERATORS, needs_confirmation=True, summary="Remove a person"),
    PageRow("GET", "/portal/operator/jobs", operator_jobs.list_jobs, roles=OPERATOR_ROLES, menu=mark("Jobs"), summary="List the jobs of all partners"),
    PageRow("GET", "/portal/operator/jobs.{format}", operator_jobs.download_jobs, roles=OPERATOR_ROLES, summary="Download the jobs of all partners"),
    PageRow("GET", "/portal/operator/members", operator_jobs.list_members, roles=OPERATOR_ROLES, menu=mark("Members"), summary="List the jobs of a poster"),
    # -- the operator: contracts
    PageRow("GET", "/portal/operator/contracts", operator_contracts.list_contracts, roles=OPERATOR_ROLES, menu=mark("Contracts"), summary="List the partner contracts"),
    PageRow("GET", "/portal/operator/contracts.{format}", operator_contracts.download_contracts, roles=OPERATOR_ROLES, summary="Download the partner contracts"),
    PageRow("GET", "/portal/operator/contracts/new", operator_contracts.show_new, roles=OPERATORS, summary="Show the form of a new contract"),
    PageRow("POST", "/portal/operator/contracts", operator_contracts.open_contract, roles=OPERATORS, summary="Open a contract", needs_confirmation=True),
    PageRow("GET", "/portal/operator/contracts/{contract_id:int}", operator_contracts.show_contract, roles=OPERATOR_ROLES, summary="Show a contract with its limit and prices"),
    PageRow("POST", "/portal/operator/contracts/{contract_id:int}/top-up", operator_contracts.top_up, roles=OPERATORS, summary="Top up a contract", needs_confirmation=True),
    PageRow("POST", "/portal/operator/contracts/{contract_id:int}/pacing", operator_contracts.set_pacing, roles=OPERATORS, summary="Set the pacing of a contract", needs_confirmation=True),
    PageRow("GET", "/portal/operator/contracts/{contract_id:int}/price", prices.show_price, roles=OPERATOR_ROLES, summary="Show what a price would mean"),
    PageRow("POST", "/portal/operator/contracts/{contract_id:int}/price", prices.save_price, roles=OPERATORS, summary="Set a price", needs_confirmation=True),
    PageRow("GET", "/portal/operator/hiring", hiring.list_contracts, roles=OPERATOR_ROLES, menu=mark("Slots and credits"), summary="List the hiring contracts"),
    PageRow("GET", "/portal/operator/hiring.{format}", hiring.download_contracts, roles=OPERATOR_ROLES, summary="Download the hiring contracts"),
    PageRow("GET", "/portal/operator/hiring/new", hiring.show_new, roles=OPERATORS, summary="Show the form of a new hiring contract"),
    PageRow("POST", "/portal/operator/hiring", hiring.open_contract, roles=OPERATORS, summary="Open a hiring contract", needs_confirmation=True),
    PageRow("GET", "/portal/operator/hiring/{contract_id:int}", hiring.show_contract, roles=OPERATOR_ROLES, summary="Show a hiring contract"),
    PageRow("POST", "/portal/operator/hiring/{contract_id:int}/grant", hiring.grant, roles=OPERATORS, summary="Grant the use of a hiring contract", needs_confirmation=True),
    PageRow("POST", "/portal/operator/hiring/{contract_id:int}/revoke", hiring.revoke, roles=OPERATORS, summary="Revoke a grant", needs_confirmation=True),
    PageRow("POST", "/portal/operator/hiring/{contract_id:int}/units", hiring.move_units, roles=OPERATORS, summary="Add or correct units", needs_confirmation=True),
    PageRow("GET", "/portal/operator/hiring/{contract_id:int}/price", hiring_prices.show_price, roles=OPERATOR_ROLES, summary="Show what a price of units would mean"),
    PageRow("POST", "/portal/operator/hiring/{contract_id:int}/price", hiring_prices.save_price, roles=OPERATORS, summary="Set a price of units", needs_confirmation=True),
    PageRow("GET", "/portal/operator/hiring/{contract_id:int}/end", hiring.show_end, roles=OPERATORS, summary="Show what ending a hiring contract means"),
    PageRow("POST", "/portal/operator/hiring/{contract_id:int}/end", hiring.end, roles=OPERATORS, summary="End a hiring contract", needs_confirmation=True),
    # -- the operator: settlement, invalid traffic, explanations, billing
    PageRow("GET", "/portal/operator/settlement", settlement.list_days, roles=OPERATOR_ROLES, menu=mark("Settlement"), group=mark("Money"), summary="List the settlement days"),
    PageRow("GET", "/portal/operator/settlement.{format}", settlement.download_days, roles=OPERATOR_ROLES, summary="Download the settlement days"),
    PageRow("GET", "/portal/operator/settlement/{day}", settlement.show_day, roles=OPERATOR_ROLES, summary="Show what settlement did on a day"),
    PageRow("GET", "/portal/operator/invalid-traffic", invalid_traffic.list_rules, roles=OPERATOR_ROLES, menu=mark("Invalid traffic"), group=mark("Money"), summary="List the rules and filters with their counts"),
    PageRow("GET", "/portal/operator/invalid-traffic/{name}", invalid_traffic.show_rule, roles=OPERATOR_ROLES, summary="Try a rule on last week"),
    PageRow("POST", "/portal/operator/invalid-traffic/{name}", invalid_traffic.save_rule, roles=OPERATORS, summary="Set a rule", needs_confirmation=True),
    PageRow("GET", "/portal/operator/exclusions", exclusions.list_exclusions, roles=OPERATOR_ROLES, summary="List what is excluded by hand"),
    PageRow("POST", "/portal/operator/exclusions", exclusions.add_exclusion, roles=OPERATORS, summary="Exclude clicks", needs_confirmation=True),
    PageRow("POST", "/portal/operator/exclusions/remove", exclusions.remove_exclusion, roles=OPERATORS, summary="Remove an exclusion", needs_confirmation=True),
    PageRow("GET", "/portal/operator/networks", exclusions.list_networks, roles=OPERATOR_ROLES, summary="List the lists of networks"),
    PageRow("POST", "/portal/operator/networks", exclusions.replace_networks, roles=OPERATORS, summary="Replace a list of networks", needs_confirmation=True),
    PageRow("GET", "/portal/operator/explain", explain.search, roles=OPERATOR_ROLES, menu=mark("Explain a charge"), group=mark("Money"), summary="Find a job, charge or event to explain"),
    PageRow("GET", "/portal/operator/explain/jobs/{job_id:int}", explain.show_job, roles=OPERATOR_ROLES, summary="Explain a job by its days and postings"),
    PageRow("GET", "/portal/operator/explain/jobs/{job_id:int}/days/{day}", explain.show_day, roles=OPERATOR_ROLES, summary="Explain a job's day by its clicks and postings"),
    PageRow("GET", "/portal/operator/explain/charges/{reference}", explain.show_charge, roles=OPERATOR_ROLES, summary="Explain a charge, from its invoice line to its clicks"),
    PageRow("GET", "/portal/operator/explain/events/{event_key}", explain.show_event, roles=OPERATOR_ROLES, summary="Explain an event"),
    PageRow("GET", "/portal/operator/billing", billing.show_month, roles=OPERATOR_ROLES, menu=mark("Billing"), group=mark("Money"), summary="Show how far a month is billed and paid"),
    PageRow("GET", "/portal/operator/billing.{format}", billing.download_documents, roles=OPERATOR_ROLES, summary="Download the documents of a month"),
    PageRow("POST", "/portal/operator/billing/runs", billing.run_month, roles=OPERATORS, summary="Bill a month", needs_confirmation=True),
    PageRow("GET", "/portal/operator/billing/documents/{document_id:int}", billing.show_document, roles=OPERATOR_ROLES, summary="Show a document with its lines"),
    PageRow("GET", "/portal/operator/billing/documents/{document_id:int}/lines/{line:int}", billing.show_line, roles=OPERATOR_ROLES, summary="Show the postings of a line"),
    # -- the operator: the system
    PageRow("GET", "/portal/operator/audit", operator_audit.list_records, roles=OPERATOR_ROLES, menu=mark("Audit log"), group=mark("System"), summary="List who did which administrative act"),
    PageRow("GET", "/portal/operator/audit.{format}", operator_audit.download_records, roles=OPERATOR_ROLES, summary="Download the audit log"),
    PageRow("GET", "/portal/operator/health", health.show_health, roles=OPERATOR_ROLES, menu=mark("Health"), group=mark("System"), summary="Show settings, versions, database, queues and chores"),
)
# fmt: on


def make_page_routes(pages: Sequence[PageRow] = PAGES) -> list[Route]:
    """Returns the routes of all pages and of what they load; every other address below theirs is refused as a page."""
    site = Site(pages)
    by_path: dict[str, dict[str, PageRow]] = {}
    for row in pages:
        of_path = by_path.setdefault(row.path, {})
        assert row.method not in of_path, f"{row.method} {row.path} is in the table twice"
        of_path[row.method] = row
    return [
        *make_asset_routes(),
        *(make_route(path, PageDialect(rows, site)) for path, rows in by_path.items()),
        make_route("/portal/{rest:path}", PageDialect({}, site)),
    ]
