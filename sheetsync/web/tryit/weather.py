"""Bad weather for the demo: what goes wrong in the sandbox while a switch is on."""

from collections.abc import Mapping
from typing import Any

from sheetsync.errors import UsageError
from sheetsync.sandbox import Sandbox

SLOW_S = 0.7
"""How long the slow system takes for a request: long enough to watch rows wait, short enough to wait for."""

SPENT = 3
"""Credits that a spending customer spends at the moment of the change."""

FAULTS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "lost": ("drop_after", {"on": "write"}),
    "slow": ("slow", {"seconds": SLOW_S}),
    "spending": ("spend", {"on": "write", "amount_minor": SPENT}),
    "down": ("drop_before", {}),
}
"""Switch → fault of the sandbox and its options."""


class Weather:
    """Switches over the sandbox's faults.

    Args:
        sandbox: whose requests go wrong.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._on: dict[str, bool] = dict.fromkeys(FAULTS, False)

    def show(self) -> dict[str, Any]:
        """Return the switches, and how many writes the credit system has seen."""
        return {"switches": dict(self._on), "writes": len(self._sandbox.requests.writes())}

    def turn(self, switches: Mapping[str, Any]) -> dict[str, Any]:
        """Turn switches on or off.

        Raises:
            UsageError: there is no such switch.
        """
        for name, value in switches.items():
            if name not in FAULTS or not isinstance(value, bool):
                raise UsageError(f"There is no switch {name}.", hint=f"There are: {', '.join(FAULTS)}.")
            self._on[name] = value
        self._sandbox.faults.clear()
        for name, (kind, options) in FAULTS.items():
            if self._on[name]:
                self._sandbox.faults.script(kind, times=None, **options)  # type: ignore[arg-type]
        return self.show()
