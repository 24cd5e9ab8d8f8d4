"""Owns the paths of the repository, its documents, the recorded fixtures and the shared material next to the checkout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
FIXTURES = ROOT / "tests" / "fixtures"
SHARED = ROOT.parent / "shared"
