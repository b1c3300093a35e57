"""`python -m agreid_cli` is the same program as `agreid` (torchrun needs a module to start)."""

from agreid_cli.cli.app import main

if __name__ == "__main__":
    main()
