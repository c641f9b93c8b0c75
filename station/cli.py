"""The ``returnbench`` command: reads the command line and hands over to one command module."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from importlib import metadata

COMMANDS: dict[str, str] = {
    "demo": "a whole site on one machine: simulated devices, hub, shop, and the bench on screen",
    "bench": "the bench with the devices of config.toml",
    "hub": "the hub: receives the logs of the benches and triggers the refunds",
    "doctor": "check libraries, devices, clock, disk, keys and hub, and say what to do",
    "import": "read announced returns from CSV or JSON",
    "scale": "talk to a scale, or be one on a pseudo-terminal",
    "decode": "read the barcodes in pictures and say what they mean",
    "labels": "print command barcodes and operator badges",
    "log": "look at the event log, check it, rebuild the tables made from it",
}
"""Name and one line of help of each command; the module ``station/commands/NAME.py`` does it."""

_MODULES = {"import": "imports"}


def build_parser(wanted: str | None = None) -> argparse.ArgumentParser:
    """The parser of the command line. Only the module of the ``wanted`` command is imported."""
    parser = argparse.ArgumentParser(
        prog="returnbench",
        description="Returns-inspection station: scan, weigh, photograph, judge, and refund once.",
        epilog="'returnbench COMMAND --help' explains a command. Start with: returnbench demo",
    )
    version = metadata.version("returnbench")
    parser.add_argument("--version", action="version", version=f"returnbench {version}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        if name == wanted:
            module = importlib.import_module(
                f"returnbench.station.commands.{_MODULES.get(name, name)}"
            )
            module.configure(command)
            command.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 failed, 2 called wrongly."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    wanted = next((word for word in arguments if not word.startswith("-")), None)
    parser = build_parser(wanted)
    options = parser.parse_args(arguments)
    try:
        status: int = options.run(options)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output went away (``| head``); nothing is wrong with us.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


if __name__ == "__main__":
    sys.exit(main())
