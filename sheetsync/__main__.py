"""``python -m sheetsync``: the command line."""

from sheetsync.cli import main

if __name__ == "__main__":
    main(prog_name="sheetsync")
