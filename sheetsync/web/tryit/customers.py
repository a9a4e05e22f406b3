"""The customer's page of the sandbox: what the credit system itself holds, for whoever wants to see proof."""

from typing import Any

from markupsafe import escape

from sheetsync.errors import NotFoundError, UsageError
from sheetsync.sandbox import Sandbox
from sheetsync.sandbox.book import BookError
from sheetsync.web.tryit.weather import SPENT

LINES_SHOWN = 20
"""Changes of a customer's balance, newest first."""

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{name} – sandbox credit system</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/try-it/static/tryit.css"></head>
<body class="customer"><main>
<p><span class="badge">SANDBOX</span> The credit system’s own page of a customer</p>
<h1>{name}</h1><p>{email} · user {id}</p>
<p class="balance"><strong>{balance}</strong> credits</p>
<h2>Changes, newest first</h2>
<table><thead><tr>
<th scope="col">Change</th><th scope="col">Balance</th><th scope="col">Cause</th></tr></thead>
<tbody>{lines}</tbody></table>
</main></body></html>
"""
UNIT = "credits"


class Customers:
    """The sandbox's customers.

    Args:
        sandbox: who holds their credits.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def spend(self, account_id: str) -> dict[str, Any]:
        """Let a customer spend a few credits now.

        Raises:
            UsageError: there is no such customer, or not enough to spend.
        """
        try:
            self._sandbox.book.spend(account_id, UNIT, SPENT)
        except BookError as error:
            raise UsageError(f"The customer cannot spend: {error}.") from error
        return {"account_id": account_id, "spent": str(SPENT)}

    def page(self, account_id: str) -> str:
        """Return the customer's page.

        Raises:
            NotFoundError: there is no such customer.
        """
        accounts = {account.id: account for account in self._sandbox.book.snapshot().accounts}
        found = accounts.get(account_id)
        if found is None:
            raise NotFoundError("There is no such customer.", hint="Pull to see who there is.")
        journal = [line for line in self._sandbox.book.journal(account_id) if line.unit == UNIT]
        lines = "".join(
            f"<tr><td>{line.delta_minor:+d}</td><td>{line.result_minor}</td>"
            f"<td>{escape(' · '.join(part for part in (line.cause, line.note) if part))}</td></tr>"
            for line in reversed(journal[-LINES_SHOWN:])
        )
        return PAGE.format(
            name=escape(found.name),
            email=escape(found.email),
            id=escape(found.id),
            balance=found.balances[UNIT],
            lines=lines,
        )
