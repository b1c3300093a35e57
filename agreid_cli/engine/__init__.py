"""Units of work that a stage passes in, run in this process or on Ray; nothing else imports Ray."""
