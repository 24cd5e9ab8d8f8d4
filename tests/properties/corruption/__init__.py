"""Changes planted in a database with a rich history: which of them the check notices."""
