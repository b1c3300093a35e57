"""The annotator's page: a template, a style and plain JavaScript, put together into one file."""
