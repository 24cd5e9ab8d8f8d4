"""Event keys, visitors and addresses: from what a job board calls them to what is kept of them."""
