"""``/metrics``: counted at every scrape from the ledger, and latencies of the requests to us."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import GaugeMetricFamily, SummaryMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from sheetsync.core.states import UNPROVEN
from sheetsync.ledger.schema import operations, runs
from sheetsync.ledger.store import SqlLedger
from sheetsync.metering import REQUESTS


class _FromLedger(Collector):
    """Runs by kind and state, operations by state, age of the oldest that is not proven."""

    def __init__(self, ledger: SqlLedger) -> None:
        self._ledger = ledger

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the figures of now."""
        database = self._ledger.database
        unproven = operations.c.state.in_([state.value for state in UNPROVEN])
        with database.read() as connection:
            by_kind = connection.execute(
                select(runs.c.kind, runs.c.state, func.count()).group_by(runs.c.kind, runs.c.state)
            ).all()
            by_state = connection.execute(
                select(operations.c.state, func.count()).group_by(operations.c.state)
            ).all()
            oldest = connection.execute(
                select(operations.c.created_at).where(unproven).order_by(operations.c.created_at).limit(1)
            ).scalar_one_or_none()
        found = GaugeMetricFamily("sheetsync_runs", "Runs by kind and state.", labels=("kind", "state"))
        for kind, state, count in by_kind:
            found.add_metric([kind, state], count)
        yield found
        found = GaugeMetricFamily("sheetsync_operations", "Operations by state.", labels=("state",))
        for state, count in by_state:
            found.add_metric([state], count)
        yield found
        age_s = 0.0 if oldest is None else (database.now() - oldest).total_seconds()
        yield GaugeMetricFamily(
            "sheetsync_unsettled_age_seconds", "Age of the oldest operation that is not proven.", value=age_s
        )


class _FromMeter(Collector):
    """Requests of this process to credit systems and to Google, by host and outcome."""

    def collect(self) -> Iterator[SummaryMetricFamily]:
        """Yield the figures of now."""
        found = SummaryMetricFamily(
            "sheetsync_provider_request_seconds",
            "Requests to credit systems and to Google.",
            labels=("host", "outcome"),
        )
        for (host, outcome), (count, seconds) in REQUESTS.read().items():
            found.add_metric([host, outcome], count_value=count, sum_value=seconds)
        yield found


class Metrics:
    """The figures of one application.

    Args:
        ledger: where runs and operations are counted.
    """

    def __init__(self, ledger: SqlLedger) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_FromLedger(ledger))
        self._registry.register(_FromMeter())
        self._requests = Histogram(
            "sheetsync_http_request_seconds",
            "Requests to this service.",
            ("route", "method", "status"),
            registry=self._registry,
        )

    def request(self, route: str, method: str, status: int, took_s: float) -> None:
        """Count a request."""
        known = method if method in {"GET", "HEAD", "POST", "DELETE", "OPTIONS"} else "other"
        self._requests.labels(route, known, str(status)).observe(took_s)

    def text(self) -> tuple[bytes, str]:
        """Return the figures and their content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
