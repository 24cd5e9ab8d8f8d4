"""Owns the decisions about applications: what a draft must contain, what an update changes.

Pure. The time is passed in.
"""

from jobmeter.partners.model import Application, ApplicationChange, ApplicationDraft

NAME_CHARACTERS_MAX = 50
FOREIGN_ID_CHARACTERS_MAX = 500  # part of an index key, whose size is limited


def check_draft(draft: ApplicationDraft) -> list[str]:
    """Returns every rule of the provisioning page that ``draft`` breaks, as Rest.li validation lines (spec 2.3)."""
    lines = [
        f"ERROR :: /{field} :: the character U+0000 is not allowed"
        for field, texts in (
            ("uniqueForeignId", (draft.unique_foreign_id,)),
            ("name", (draft.name,)),
            ("description", (draft.description,)),
            ("oauth2AuthorizedCallbackUrls", draft.callback_urls),
            ("validJsSdkDomains", draft.js_domains),
        )
        if any("\0" in text for text in texts)
    ]
    for field, value in (
        ("uniqueForeignId", draft.unique_foreign_id),
        ("name", draft.name),
        ("description", draft.description),
    ):
        if not value.strip():
            lines.append(f"ERROR :: /{field} :: field is required but not found and has no default value")
    if len(draft.unique_foreign_id) > FOREIGN_ID_CHARACTERS_MAX:
        lines.append(f"ERROR :: /uniqueForeignId :: longer than {FOREIGN_ID_CHARACTERS_MAX} characters")
    if len(draft.name) > NAME_CHARACTERS_MAX:
        lines.append(f'ERROR :: /name :: length of "{draft.name[:80]}" is greater than {NAME_CHARACTERS_MAX}')
    if "linkedin" in draft.name.lower():
        lines.append('ERROR :: /name :: the name may not contain "LinkedIn"')
    lines.extend(
        f"ERROR :: /validJsSdkDomains/{n} :: {domain} may not end with a slash"
        for n, domain in enumerate(draft.js_domains)
        if domain.endswith("/")
    )
    return lines


def change_application(application: Application, change: ApplicationChange) -> ApplicationDraft:
    """Returns the application after the update; the foreign id never changes."""
    return ApplicationDraft(
        unique_foreign_id=application.unique_foreign_id or "",
        name=application.name if change.name is None else change.name,
        description=application.description if change.description is None else change.description,
        callback_urls=application.callback_urls if change.callback_urls is None else change.callback_urls,
        js_domains=application.js_domains if change.js_domains is None else change.js_domains,
    )
