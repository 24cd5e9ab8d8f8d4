"""A partner's pages of one job: its money and figures, its days down to the click, edit and close."""
