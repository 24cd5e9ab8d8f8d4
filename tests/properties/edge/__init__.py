"""What holds for every request: its parameters, its headers, who sent it."""
