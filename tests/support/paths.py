"""Owns where things lie: the repository, its documents, the recorded fixtures, the shared material beside the checkout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
FIXTURES = ROOT / "tests" / "fixtures"
SHARED = ROOT.parent / "shared"
