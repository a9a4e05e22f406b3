"""`python -m tests.emulators.identity --port N`."""

import click

from tests.emulators.identity.server import serve


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="TCP port; 0 lets the system choose.")
def main(*, port: int) -> None:
    """Sign ID tokens until told to stop; prints the address first."""
    serve(port)


if __name__ == "__main__":
    main()
