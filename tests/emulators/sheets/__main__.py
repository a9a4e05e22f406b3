"""`python -m tests.emulators.sheets --port N`."""

from pathlib import Path

import click

from tests.emulators.sheets.server import serve


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="TCP port; 0 lets the system choose.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the key file of a made-up service account here, make a spreadsheet, and print its id.",
)
def main(*, port: int, host: str, key: Path | None) -> None:
    """Emulate Google Sheets in memory until told to stop; prints the address first."""
    serve(port, host, key=key)


if __name__ == "__main__":
    main()
