"""Owns what pages say after a form: one text for each key, because a key in an address can only choose among ours."""

from jobmeter.portal.catalogue.texts import mark

DONE = {
    "display": mark("The display is changed"),
    "role": mark("You see the pages of another role now"),
    "logout": mark("You are logged out"),
    "confirmed": mark("You are confirmed"),
    "account": mark("Your account is changed"),
    "session": mark("The session is ended"),
    "passkey": mark("The passkey is stored"),
    "passkey-removed": mark("The passkey is removed"),
    "invited": mark("The person is invited, and a mail says how to log in"),
    "known": mark("The person has this role already"),
    "person": mark("The role is changed, and the person's sessions are ended"),
    "person-removed": mark("The person is removed, and their sessions here are ended"),
    "partner": mark("The partner is changed"),
    "partner-known": mark("This partner exists already, with this name and reference; nothing was changed"),
    "application-stopped": mark("The application is stopped, and its tokens are refused"),
    "application-permitted": mark("The application may create tokens again"),
    "role-removed": mark("The role is removed, and the person's sessions are ended"),
    "sessions-ended": mark("The person is logged out everywhere"),
    "person-gone": mark("The person is removed"),
    "clock": mark("The clock was moved, and everything that fell due on the way is done"),
    "job-edited": mark("The job is saved, and its agency is notified"),
    "job-closed": mark("The job is closed, and its agency is notified"),
    "rule": mark("The setting is saved, and applies to days that are settled from now on"),
    "exclusion": mark("The clicks are excluded from days that are not settled yet"),
    "exclusion-removed": mark("The exclusion is removed"),
    "networks": mark("The list of networks is replaced"),
    "job-renewed": mark("The job is renewed"),
}
