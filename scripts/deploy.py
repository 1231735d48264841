"""Bring collections, layers and functions of this repository to an environment, and look after them there.

python3 scripts/deploy.py plan                    show how the environment differs from the repository
python3 scripts/deploy.py apply                   bring it up to date; what is not known here is left alone
python3 scripts/deploy.py verify                  ask every function which code and layers it runs
python3 scripts/deploy.py rollback                go back to the deployment before (a dry run, until --apply)
python3 scripts/deploy.py logs --follow           show what functions print
python3 scripts/deploy.py invoke NAME             call a function as an operator or as its timer
python3 scripts/deploy.py doctor                  ask the environment what no document says of it
"""

import bootstrap  # isort: skip  # Before all others: it answers a Python that is too old.

import sys


def main() -> int:
    """Hand over to the command line, inside the project's environment."""
    bootstrap.enter()
    from deploying.cli import run  # noqa: PLC0415  # It is importable only from here on.

    return run(sys.argv[1:], description=__doc__ or "")


if __name__ == "__main__":
    sys.exit(main())
