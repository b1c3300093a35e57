"""The page of `check-identities`: suspicions to confirm or to correct."""
