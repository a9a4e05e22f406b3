"""`python -m tests.emulators.sheets --port N`."""

import click

from tests.emulators.sheets.server import serve


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="TCP port; 0 lets the system choose.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
def main(*, port: int, host: str) -> None:
    """Emulate Google Sheets in memory until told to stop; prints the address first."""
    serve(port, host)


if __name__ == "__main__":
    main()
