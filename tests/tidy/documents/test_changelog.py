"""The changelog names its releases, each release is kept unchanged, and nothing is removed too early."""

import io
import itertools
import re
import subprocess
import tarfile
import zipfile

import pytest

from jobmeter import __version__
from tests.tidy.source import ROOT, Breach, Source, refuse
from tests.upgrades.release import Release, list_releases

PATH = "CHANGELOG.md"
DEPRECATED_FOR_MINORS = 2  # deprecated in 0.2, it may be removed in 0.4

_SECTION = re.compile(r"^## (\d+)\.(\d+)\.(\d+) \((in progress|commit ([0-9a-f]{7,40}))\)$")
_DEPRECATED = re.compile(r"^- `[^`]+`: use `[^`]+`; removed in (\d+)\.(\d+)\.0\.")

Version = tuple[int, ...]


def section_breaches(source: Source, version: str) -> list[Breach]:
    """Sections are sorted newest first; only the first may be in progress, and it must be the version of the code."""
    found, versions = [], []
    for number, line in enumerate(source.text.splitlines(), start=1):
        if not line.startswith("## "):
            continue
        section = _SECTION.match(line)
        if section is None:
            message = f"`{line}`: write `## 1.2.3 (commit 1a2b3c4)`, or `(in progress)`"
            found.append(Breach(source.path, number, message))
            continue
        if versions and section[4] == "in progress":
            found.append(Breach(source.path, number, f"`{line}` is not the newest: name its commit"))
        versions.append((tuple(map(int, section.groups()[:3])), number))
    found += [
        Breach(source.path, number, "not older than the section above it")
        for (above, _), (below, number) in itertools.pairwise(versions)
        if below >= above
    ]
    if versions and ".".join(map(str, versions[0][0])) != version:
        found.append(Breach(source.path, versions[0][1], f"the code's version is {version}"))
    return found


def deprecation_breaches(source: Source) -> list[Breach]:
    """A line under `### Deprecated` names the replacement and the release that removes it, which must not be too early."""
    found: list[Breach] = []
    version: Version = ()
    heading = ""
    for number, line in enumerate(source.text.splitlines(), start=1):
        if line.startswith("#"):
            section = _SECTION.match(line)
            version, heading = (tuple(map(int, section.groups()[:3])) if section else version), line
        elif heading == "### Deprecated" and line.startswith("- "):
            entry = _DEPRECATED.match(line)
            if entry is None:
                message = "write `- `old`: use `new`; removed in 1.2.0.`"
                found.append(Breach(source.path, number, message))
            elif tuple(map(int, entry.groups())) < (version[0], version[1] + DEPRECATED_FOR_MINORS):
                message = f"stays through {version[0]}.{version[1] + DEPRECATED_FOR_MINORS - 1}; name a later release"
                found.append(Breach(source.path, number, message))
    return found


def read_changelog() -> Source:
    return Source(PATH, (ROOT / PATH).read_text(encoding="utf-8"))


def count_entries(text: str) -> list[int]:
    """Returns the number of entries in each section."""
    return [len(re.findall(r"^- ", section, re.MULTILINE)) for section in text.split("\n## ")[1:]]


def show(*arguments: str) -> bytes:
    """Returns git's output; skips the test if there is no history (an unpacked release, a shallow clone)."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("the repository has no history here, so the releases cannot be compared with it")
    return done.stdout


def test_sections_name_their_releases():
    refuse(section_breaches(read_changelog(), __version__))


def test_nothing_is_removed_too_early():
    refuse(deprecation_breaches(read_changelog()))


def test_every_release_is_kept_and_named():
    sections = filter(None, map(_SECTION.match, read_changelog().text.splitlines()))
    named = {".".join(section.groups()[:3]): section[5] for section in sections if section[5]}
    assert {release.version: release.commit for release in list_releases()} == named


@pytest.mark.parametrize("release", list_releases(), ids=lambda release: release.version)
def test_nothing_is_added_to_the_section_of_a_release(release: Release):
    """A merge can easily add new entries there, because it once was the newest section. Its wording may be improved."""
    text = read_changelog().text
    titles = [line for line in text.splitlines() if line.startswith("## ")]
    (index,) = [at for at, title in enumerate(titles) if title.startswith(f"## {release.version} ")]
    released = show("show", f"{release.commit}:{PATH}").decode()
    assert count_entries(text)[index] == count_entries(released)[0], "move new entries to the first section"


@pytest.mark.parametrize("release", list_releases(), ids=lambda release: release.version)
def test_the_wheel_contains_the_files_of_the_commit(release: Release):
    archived = show("archive", "--format=tar", release.commit, "jobmeter")
    with tarfile.open(fileobj=io.BytesIO(archived)) as tar:
        committed = {
            member.name: file.read() for member in tar if (file := tar.extractfile(member)) is not None
        }
    with zipfile.ZipFile(release.wheel) as wheel:
        kept = {name: wheel.read(name) for name in wheel.namelist() if name.startswith("jobmeter/")}
    assert kept == committed
    assert f'__version__ = "{release.version}"'.encode() in kept["jobmeter/__init__.py"]


NEWEST = "## 0.3.0 (in progress)\n\n## 0.2.0 (commit 1a2b3c4)\n"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (NEWEST, 0),
        ("## 0.3.0 (commit 1a2b3c4)\n## 0.2.0 (commit 96f6135)\n", 0),
        ("## Unreleased\n## 0.3.0 (commit 1a2b3c4)\n", 1),
        ("## 0.3.0 (commit 1a2b3c4)\n## 0.2.0 (in progress)\n", 1),
        ("## 0.3.0 (commit 1a2b3c4)\n## 0.2.0\n", 1),
        ("## 0.3.0 (commit 1a2b3c4)\n## 0.3.0 (commit 96f6135)\n", 1),
        ("## 0.2.0 (in progress)\n", 1),
    ],
)
def test_an_invalid_section_is_found(text, count):
    assert len(section_breaches(Source(PATH, text), "0.3.0")) == count


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("- `/old`: use `/new`; removed in 0.5.0. It was slow.", 0),
        ("- `/old`: use `/new`; removed in 1.0.0.", 0),
        ("- `/old`: use `/new`; removed in 0.4.0.", 1),
        ("- The old way is deprecated.", 1),
        ("- `/old`: removed in 0.5.0.", 1),
    ],
)
def test_an_invalid_deprecation_is_found(line, count):
    text = f"## 0.3.0 (in progress)\n\n### Deprecated\n\n{line}\n\n### Fixed\n\n- Something.\n"
    assert len(deprecation_breaches(Source(PATH, text))) == count


def test_entries_are_counted_per_section():
    assert count_entries(
        "# Log\n\n## 2\n\n- One,\n  still one.\n- Two.\n\n## 1\n\n### Added\n\n- Three.\n"
    ) == [2, 1]
