"""``sheetsync init`` without questions: options in, a configuration out."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sheetsync.cli import main
from sheetsync.config import FastCreditConnection, load


def init(folder: Path, *options: str) -> Result:
    """Run it in this process."""
    return CliRunner().invoke(main, ["init", "--config", str(folder / "sheetsync.toml"), *options])


ENDPOINTS = (
    "--get-credits", "GET https://shop.example/wp-json/acme/v1/credits/123",
    "--add-credits", "POST /wp-json/acme/v1/credits/add",
    "--reset-credits", "https://shop.example/wp-json/acme/v1/credits/{id}/total",
)  # fmt: skip


def test_endpoints_as_the_vendor_shows_them(tmp_path: Path) -> None:
    """They become routes, and name the site; the next step is printed."""
    done = init(tmp_path, *ENDPOINTS, "--user", "kassa", "--name", "acme", "--secret-env", "ACME_PASSWORD")
    assert 0 == done.exit_code, done.output
    assert "ACME_PASSWORD" in done.output
    assert "sheetsync check acme" in done.output
    connection = load(tmp_path / "sheetsync.toml", {}).connections["acme"]
    assert isinstance(connection, FastCreditConnection)
    assert ("https://shop.example", "kassa") == (connection.base_url, connection.username)
    assert "/wp-json/acme/v1/credits/{user_id}" == connection.routes.get_credits.path
    assert {"user_id": "{user_id}", "amount": "{amount}"} == connection.routes.add_credits.body
    assert "/wp-json/acme/v1/credits/{user_id}/total" == connection.routes.reset_credits.path
    assert "our assumption:" not in (tmp_path / "sheetsync.toml").read_text()


def test_plain_permalinks_hold_for_the_list_too(tmp_path: Path) -> None:
    """One endpoint below ``rest_route`` tells how the site is to be asked."""
    endpoint = "https://shop.example/index.php?rest_route=/acme/v1/credits/7"
    assert 0 == init(tmp_path, "--get-credits", endpoint).exit_code
    connection = load(tmp_path / "sheetsync.toml", {}).connections["shop"]
    assert isinstance(connection, FastCreditConnection)
    assert "/index.php?rest_route=/wp/v2/users" == connection.routes.list_users.path
    assert "our assumption:" in (tmp_path / "sheetsync.toml").read_text()


def test_sandbox(tmp_path: Path) -> None:
    """The made-up system is set up like a real one."""
    assert 0 == init(tmp_path, "--url", "http://127.0.0.1:8765", "--user", "office").exit_code
    assert "http://127.0.0.1:8765" == load(tmp_path / "sheetsync.toml", {}).connections["shop"].base_url


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--secret-env", "abcd efgh ijkl mnop"), "never stands in the configuration"),
        (("--add-credits", "https://other.example/x", "--url", "https://shop.example"), "another site"),
        (("--url", "https://u:geheim@shop.example"), "base_url"),
        (("--timezone", "Mars/Base"), "timezone"),
    ],
)
def test_refusals_leave_no_file(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    """What does not load is not written, and no secret is repeated."""
    done = init(tmp_path, *options)
    assert (2, []) == (done.exit_code, list(tmp_path.iterdir()))
    assert said in done.output
    assert "abcd efgh" not in done.output
    assert "geheim" not in done.output


def test_existing_file_stays(tmp_path: Path) -> None:
    """Whatever it holds."""
    (tmp_path / "sheetsync.toml").write_text("mine")
    assert 2 == init(tmp_path, "--yes").exit_code
    assert "mine" == (tmp_path / "sheetsync.toml").read_text()
