"""Pictures of the web pages in the documents: made of a sandbox with visitors, by `make pictures`."""
