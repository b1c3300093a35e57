"""The annotation page: a template, a style and plain JavaScript, assembled into one file."""
