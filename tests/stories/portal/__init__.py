"""The web pages: who may open which, what a form needs, how they look and read in a browser."""
