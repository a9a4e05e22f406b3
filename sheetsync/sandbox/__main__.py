"""`python -m sheetsync.sandbox --port N`: the sandbox without the rest of the program."""

import sys

import click

from sheetsync.sandbox.server import DIALECTS, SEED, serve


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default="any free one")
@click.option("--dialect", type=click.Choice(sorted(DIALECTS)), default="fastcredit", show_default=True)
@click.option("--users", type=click.IntRange(min=0), default=200, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--seed", type=int, default=SEED, show_default=True, help="Of the made-up customers.")
def main(*, port: int, dialect: str, users: int, host: str, seed: int) -> None:
    """Run a fake credit system until it is told to stop."""
    try:
        serve(port, dialect=dialect, users=users, host=host, seed=seed)
    except OSError as error:
        click.echo(f"cannot listen on {host}:{port}: {error.strerror}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
