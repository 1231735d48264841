"""Collections and their documents, on the local CloudBase or on a real environment.

python3 scripts/data.py plan             show how an environment differs from collections/*.json
python3 scripts/data.py apply            create what is missing; nothing is ever dropped
python3 scripts/data.py load             load the sample documents
python3 scripts/data.py import DIR       take in the former shop's documents (a dry run, until --apply)
python3 scripts/data.py rollback ID      take an import back, keep what was written since (a dry run, too)
python3 scripts/data.py points           compare the counters of points with the ledger
python3 scripts/data.py carbon           recalculate meals by other factors (a dry run, until --apply)
python3 scripts/data.py restock          show what to order from each supplier
python3 scripts/data.py backup           write every collection to COS, or to a folder
python3 scripts/data.py backups          list the backups there are
python3 scripts/data.py verify ID        read a backup back and prove every part of it
python3 scripts/data.py restore ID       show what changed since a backup; bring it back with --apply
python3 scripts/data.py audit --verify   show what operators did, and whether the trail is whole
python3 scripts/data.py signin ID        make a code to sign in to the dashboard with
python3 scripts/data.py schema --check   compare the definitions with the models
"""

import bootstrap  # isort: skip  # Before all others: it answers a Python that is too old.

import sys


def main() -> int:
    """Hand over to the command line, inside the project's environment."""
    bootstrap.enter()
    from dataio.cli import run  # noqa: PLC0415  # It is importable only from here on.

    return run(sys.argv[1:], description=__doc__ or "")


if __name__ == "__main__":
    sys.exit(main())
