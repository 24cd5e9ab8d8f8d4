"""Owns one job of a feed: the validation of its fields, with all flaws at once.

Does not own the elements of a field (``names``), the spellings of a value (``values``, ``dates``) or the stream.
"""

import hashlib
from datetime import date
from functools import lru_cache

import msgspec

from jobmeter.base.readers.email_address import check_email
from jobmeter.base.readers.web_url import check_url
from jobmeter.geo.gazetteer import find_country
from jobmeter.wire.xml.code_tables import INDUSTRIES, JOB_FUNCTIONS, CodeTable
from jobmeter.wire.xml.feed import values
from jobmeter.wire.xml.feed.dates import read_feed_day
from jobmeter.wire.xml.feed.flaws import FeedError, FeedFlaw, make_report_row
from jobmeter.wire.xml.feed.names import FIELDS
from jobmeter.wire.xml.feed.places import OTHER_PLACES_MAX, read_places
from jobmeter.wire.xml.feed.record import FeedNames, RawJob, read_description
from jobmeter.wire.xml.feed.requirements import FeedDefaults, FeedRules, PosterEmail
from jobmeter.wire.xml.feed.salaries import read_salaries
from jobmeter.wire.xml.validators import read_number

_FLAGS = (
    ("full_time", "FULL_TIME"),
    ("part_time", "PART_TIME"),
    ("internship", "INTERNSHIP"),
    ("contract", "CONTRACT"),
)
_SHOWN_CHARACTERS = 80
_LONG_ID_CHARACTERS = 40  # the published limit of LinkedIn
# What a missing field is called: the first of its elements that a job has by its plain name.
_ELEMENTS = {
    row.name: next(element for element in row.elements if not {":", "/", "@"} & set(element))
    for row in FIELDS
}
_REMOVAL_WORDS = {
    "action": {"delete", "deleted", "remove", "removed", "close", "closed"},
    "status": {"closed", "expired", "filled", "inactive", "deleted"},
    "active": {"false", "no", "0"},
}


_check_email = lru_cache(maxsize=4_096)(check_email)  # most jobs of a feed have few posters


class FeedJob(msgspec.Struct, frozen=True, gc=False):
    """A valid job. Codes and symbols are those of the tables; ``country`` is in lower case.

    ``source`` is the hash of the job's element, without which it is read each time: empty if notes say what is in it.
    """

    index: int
    partner_job_id: str
    fingerprint: bytes
    source: bytes
    company: str
    company_id: int | None
    title: str
    description: str
    apply_url: str
    location: str
    country: str
    postal_code: str
    other_places: tuple[str, ...]
    workplace_type: str
    industries: tuple[str, ...]
    job_functions: tuple[str, ...]
    experience_level: str
    job_type: str
    salary: str
    list_date: date | None
    expiration_date: date | None
    poster_email: str
    availability: str
    warnings: tuple[FeedFlaw, ...] = ()


class _Where(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    location: str
    country: str
    postal_code: str
    other_places: tuple[str, ...]
    workplace_type: str


def read_job_id(raw: RawJob) -> str:
    """Returns the job's id: its own, else one made of its link; empty if it has neither."""
    text, _ = raw.find("id")
    if text:
        return values.read_plain(text)
    link = values.read_link(raw.find("apply_url")[0])
    return f"url-{hashlib.sha256(link.encode()).hexdigest()[:32]}" if link else ""


def is_removed(raw: RawJob) -> bool:
    """Whether the job itself says that it is over."""
    for name in raw.plan.removal_fields:
        if values.normalize_value(raw.find(name)[0]) in _REMOVAL_WORDS[name]:
            return True
    return False


class JobReader(msgspec.Struct, frozen=True, gc=False, eq=False):
    """Reads the fields of one job and collects its flaws."""

    raw: RawJob
    names: FeedNames
    rules: FeedRules
    defaults: FeedDefaults
    notes: dict[str, str]
    flaws: list[FeedFlaw] = []

    def read(self, index: int, partner_job_id: str, fingerprint: bytes, source: bytes) -> FeedJob | FeedError:
        """Returns the job, or a row with all its flaws if any of them is an error."""
        where = self._read_where()
        paths = self.raw.plan.paths  # most jobs have few of the fields: nothing is called for the others
        job = FeedJob(
            index=index,
            partner_job_id=self._check_id(partner_job_id),
            fingerprint=fingerprint,
            source=source,
            company_id=self._read_company_id(),
            company=self._read_company(),
            title=self._read_title(),
            description=self._read_description(),
            apply_url=self._read_apply_url(partner_job_id),
            location=where.location,
            country=where.country,
            postal_code=where.postal_code,
            other_places=where.other_places,
            workplace_type=where.workplace_type,
            industries=self._read_codes("industries", INDUSTRIES) if "industries" in paths else (),
            job_functions=self._read_codes("job_functions", JOB_FUNCTIONS)
            if "job_functions" in paths
            else (),
            experience_level=self._read_level() if "level" in paths else "",
            job_type=self._read_job_type(),
            salary=self._read_salary(),
            list_date=self._read_day("listed") if "listed" in paths else None,
            expiration_date=self._read_day("expires") if "expires" in paths else None,
            poster_email=self._read_poster_email(),
            availability=self._read_availability() if "availability" in paths else "",
        )
        if not self.flaws:
            return job
        if any(flaw.is_error for flaw in self.flaws):
            return make_report_row(
                index, partner_job_id=partner_job_id, title=job.title, flaws=tuple(self.flaws)
            )
        return msgspec.structs.replace(job, warnings=tuple(self.flaws))

    @property
    def is_linkedin(self) -> bool:
        return "partnerjobid" in self.raw.texts

    def refuse(self, name: str, why: str, *, path: str = "", found: str = "") -> None:
        self._add(name, why, path=path, found=found, is_error=True)

    def warn(self, name: str, why: str, *, path: str = "", found: str = "") -> None:
        self._add(name, why, path=path, found=found, is_error=False)

    def _add(self, name: str, why: str, *, path: str, found: str, is_error: bool) -> None:
        shown = self.names.spell(path) if path else f"job/{_ELEMENTS[name]}"
        self.flaws.append(FeedFlaw(path=shown, found=found[:_SHOWN_CHARACTERS], why=why, is_error=is_error))

    def _check_size(self, name: str, text: str, size: tuple[int, int], *, path: str) -> bool:
        # The characters need no check, because they come from an XML document.
        least, most = size
        if least <= len(text) <= most:
            return True
        self.refuse(name, f"has {len(text)} characters, {least} to {most} are allowed", path=path)
        return False

    def _check_id(self, text: str) -> str:
        own, path = self.raw.find("id")
        if not text:
            self.refuse("id", "is required: add an id of your own to each job")
        elif not own:
            self.warn("id", "is missing; the job is recognized by its link instead")
        elif len(text) > self.rules.partner_job_id_characters_max:
            self._check_size("id", text, (1, self.rules.partner_job_id_characters_max), path=path)
        elif len(text) > _LONG_ID_CHARACTERS and self.is_linkedin:
            why = f"has {len(text)} characters; LinkedIn accepts {_LONG_ID_CHARACTERS}"
            self.warn("id", why, path=path)
        return text

    def _read_company_id(self) -> int | None:
        text, path = self.raw.find("company_id") if self.is_linkedin else ("", "")
        number = read_number(values.unwrap(text)) if text else None
        if text and number is None:
            if self.rules.company_id_needed:
                self.refuse("company_id", "is not a positive integer", path=path, found=text)
            else:
                self.warn("company_id", "is not a positive integer and was left out", path=path, found=text)
            return self.defaults.company_id
        number = number or self.defaults.company_id
        if number is None and self.rules.company_id_needed:
            self.refuse("company_id", "is required")
        return number

    def _read_company(self) -> str:
        text, path = self.raw.find("company")
        name = values.read_plain(text) or self.defaults.company_name
        if not name and not (
            self.defaults.company_id or (self.is_linkedin and self.raw.find("company_id")[0])
        ):
            self.refuse("company", "is required: add <company>, or set companyName for the feed")
        self._check_size("company", name, (0, 255), path=path)
        return name

    def _read_title(self) -> str:
        text, path = self.raw.find("title")
        title = values.read_plain(text)
        if not title:
            self.refuse("title", "is required", path=path)
        else:
            self._check_size("title", title, (1, self.rules.title_characters_max), path=path)
        return title

    def _read_description(self) -> str:
        text, path = read_description(self.raw)
        if not text:
            self.refuse("description", "is required", path=path)
            return ""
        markup = values.read_markup(text)
        size = (self.rules.description_characters_min, self.rules.description_characters_max)
        self._check_size("description", markup, size, path=path)
        return markup

    def _read_apply_url(self, partner_job_id: str) -> str:
        text, path = self.raw.find("apply_url")
        link = values.read_link(text)
        if not link:
            link = self.defaults.apply_url_pattern.replace("{id}", partner_job_id)
        if not link:
            self.refuse(
                "apply_url", "is required: add <applyUrl> or <url>, or set applyUrlPattern for the feed"
            )
            return ""
        why = check_url(link, schemes=self.rules.apply_url_schemes)
        if why is None and len(link) > 2_083:
            why = f"has {len(link)} characters, 1 to 2083 are allowed"
        if why:
            self.refuse("apply_url", why, path=path, found=link)
        return link

    def _read_where(self) -> _Where:
        places = read_places(self.raw)
        main = places.main
        workplace = self._read_workplace(is_remote=main.is_remote)
        location = places.shown or self.defaults.location
        if not location and workplace == "Remote":
            location = main.country or self.defaults.country
        if not location and not (main.postal_code and main.country):
            self.refuse("location", "is required: add <location> or <city>, or set location for the feed")
        if len(location) > 255:
            self._check_size("location", location, (1, 255), path=self.raw.find("location")[1])
        others = tuple(dict.fromkeys([place.show_other()[:255] for place in places.others]))
        if len(others) > OTHER_PLACES_MAX:
            self.warn("places", f"has {len(others)} places; the first {OTHER_PLACES_MAX} are used")
        return _Where(
            location=location,
            country=self._read_country(main.country),
            postal_code=self._read_postal_code(main.postal_code),
            other_places=others[:OTHER_PLACES_MAX],
            workplace_type=workplace,
        )

    def _read_country(self, text: str) -> str:
        code = find_country(text).lower() if text else self.defaults.country.lower()
        if text and not code:
            self.warn("country", "is not a known country and was left out", found=text)
        return code

    def _read_postal_code(self, text: str) -> str:
        most = self.rules.postal_code_characters_max
        if len(text) > most:
            why = f"has {len(text)} characters, at most {most} are allowed; it was left out"
            self.warn("postal_code", why, path=self.raw.find("postal_code")[1])
            return ""
        return text

    def _read_workplace(self, *, is_remote: bool) -> str:
        if self.raw.has("hybrid") and values.read_flag(self.raw.find("hybrid")[0]):
            return "Hybrid"
        text, path = self.raw.find("workplace")
        found = values.read_workplace(values.unwrap(text)) if text else ""
        if found is None:
            self.warn(
                "workplace", "is not one of On-site, Hybrid, Remote and was left out", path=path, found=text
            )
        if found or is_remote:
            return found or "Remote"
        is_on_site = self.raw.has("on_site") and values.read_flag(self.raw.find("on_site")[0])
        return "On-site" if is_on_site else ""

    def _read_codes(self, name: str, table: CodeTable) -> tuple[str, ...]:
        codes, unknown = values.read_codes(self.raw.list_texts(name), table)
        for text in unknown:
            # Indeed's and others' free text in `industry` is a sentence, no code.
            self.warn(name, f"is not a known {table.what} and was left out", found=text)
        if len(codes) > self.rules.codes_max:
            self.warn(name, f"has {len(codes)} codes; the first {self.rules.codes_max} are used")
        return codes[: self.rules.codes_max]

    def _read_level(self) -> str:
        text, path = self.raw.find("level")
        level = values.read_level(values.unwrap(text)) if text else ""
        # `experience` is mostly a sentence about years.
        if level is None and path != "experience":
            self.warn("level", "is not a known experience level and was left out", path=path, found=text)
        return level or ""

    def _read_job_type(self) -> str:
        paths = self.raw.plan.paths
        for name, job_type in _FLAGS:
            if name in paths and values.read_flag(self.raw.find(name)[0]):
                return job_type
        unknown = ""
        for text in self.raw.list_each("job_type"):
            found = values.read_job_type(values.unwrap(text))
            if found:
                return found
            unknown = unknown or (text if found is None else "")
        if unknown:
            self.warn("job_type", "is not a known job type; it counts as OTHER", found=unknown)
        return "OTHER" if unknown else ""

    def _read_salary(self) -> str:
        text, unread = read_salaries(self.raw)
        for path, found in unread:
            self.warn("salaries", "cannot be read and was left out", path=path, found=found)
        if len(text) > 255:
            self.warn("salary_text", f"has {len(text)} characters; the first 255 are used")
        return text[:255]

    def _read_day(self, name: str) -> date | None:
        text, path = self.raw.find(name)
        if not text:
            return None
        text = values.unwrap(text)
        is_day_first = self.defaults.dates_day_first
        if is_day_first is None:
            is_day_first = not (self.is_linkedin and path in {"listdate", "expirationdate"})
        found = read_feed_day(text, is_day_first=is_day_first)
        if found is None:
            ending = "; the usual run holds" if name == "expires" else " and was left out"
            why = f"is not a date (try 2027-01-31){ending}"
            self.warn(name, why, path=path, found=text)
            return None
        if found.is_ambiguous:
            self.notes.setdefault("date", f"{text[:40]!r} was read as {found.day.isoformat()}")
        return found.day

    def _read_poster_email(self) -> str:
        text, path = self.raw.find("poster_email")
        text = values.read_plain(text).removeprefix("mailto:")
        why = _check_email(text) if text else None
        if why is None:
            text = text or self.defaults.poster_email
            if not text and self.rules.poster_email is PosterEmail.REQUIRED:
                self.refuse("poster_email", "is required: add <posterEmail>, or set posterEmail for the feed")
            elif not text and self.rules.poster_email is PosterEmail.WARNED and self.is_linkedin:
                self.warn("poster_email", "is missing; LinkedIn requires it since June 2025")
            return text
        if self.rules.poster_email is PosterEmail.REQUIRED and not self.defaults.poster_email:
            self.refuse("poster_email", why, path=path, found=text)
        else:
            self.warn("poster_email", f"{why} and was left out", path=path, found=text)
        return self.defaults.poster_email

    def _read_availability(self) -> str:
        """A restriction that cannot be read must not be lost: the job is refused."""
        text, path = self.raw.find("availability")
        if not text:
            return ""
        wanted = values.normalize_value(values.unwrap(text))
        for symbol in values.AVAILABILITIES:
            if values.normalize_value(symbol) == wanted:
                return symbol
        self.refuse(
            "availability", f"is not one of {', '.join(values.AVAILABILITIES)}", path=path, found=text
        )
        return ""
