"""The frame of all pages: guard, display, refusals, texts, script and pictures."""
