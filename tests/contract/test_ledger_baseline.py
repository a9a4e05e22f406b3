"""The ledger keeps the promises of ``ports.Accounts``."""

from functools import partial

from sheetsync.core.accounts import Account
from sheetsync.core.keys import RowKey
from sheetsync.core.states import OperationState
from tests.contract.ledger_suite import (
    MAKER,
    SYSTEM,
    LedgerContract,
    Office,
    OnPostgresql,
    OnSqlite,
    account,
    at_once,
    planned,
)


def key_of(office: Office, account_id: str) -> RowKey:
    """Return the parsed Key of an account's row."""
    return MAKER.read(office.ledger.accounts.baselines(SYSTEM, MAKER)[account_id].key)


class BaselineContract(LedgerContract):
    def test_readings_grow(self, office: Office) -> None:
        """Numbers grow in the order of opening; there is none before the first."""
        accounts = office.ledger.accounts
        assert accounts.reading(SYSTEM) == 0
        assert [office.pull(), office.pull()] == [1, 2]
        assert accounts.reading(SYSTEM) == 2

    def test_readings_are_handed_out_once(self, office: Office) -> None:
        """Two that open a reading at the same moment get two numbers."""
        ledgers = (office.ledger, office.another()) * 8
        works = [
            partial(ledger.accounts.next_reading, SYSTEM, actor="a", run="R", kind="pull")
            for ledger in ledgers
        ]
        numbers = at_once(works)
        assert list(range(1, 17)) == sorted(numbers)

    def test_baseline(self, office: Office) -> None:
        """What was recorded comes back, with a Key that fits."""
        office.pull(account("7", 10, None), account("8", 0, 250))
        found = office.ledger.accounts.baselines(SYSTEM, MAKER)
        assert {"7", "8"} == set(found)
        seven = found["7"]
        assert ("7@example.com", "Ana", False, 1) == (seven.email, seven.name, seven.missing, seven.basis)
        assert {"credits": 10, "bonus": None} == dict(seven.balances)
        key = MAKER.read(seven.key)
        assert ((0, 0), 1) == (key.epochs, key.basis)
        assert MAKER.fits(key, "7", "7@example.com", "Ana")

    def test_baselines_of_some(self, office: Office) -> None:
        """Only the accounts that are named; unknown ones are left out."""
        office.pull(*(account(str(number)) for number in range(1200)))
        some = [str(number) for number in range(0, 1200, 2)]
        found = office.ledger.accounts.baselines(SYSTEM, MAKER, [*some, "nobody"])
        assert set(some) == set(found)
        assert office.ledger.accounts.baselines(SYSTEM, MAKER, []) == {}
        assert office.ledger.accounts.baselines("another", MAKER) == {}

    def test_unchanged(self, office: Office) -> None:
        """A reading that finds the same moves no basis and adds no history."""
        office.pull(account("7", 10))
        office.pull(account("7", 10))
        assert office.ledger.accounts.baselines(SYSTEM, MAKER)["7"].basis == 1
        assert {"7": {"credits": [(1, 10)], "bonus": [(1, 0)]}} == office.ledger.accounts.history(
            SYSTEM, ["7"]
        )

    def test_moved(self, office: Office) -> None:
        """A reading that finds another balance or name moves the baseline and adds to the history."""
        office.pull(account("7", 10))
        office.pull(account("7", 12, name="Anna"))
        found = office.ledger.accounts.baselines(SYSTEM, MAKER)["7"]
        assert ("Anna", 12, 2) == (found.name, found.balances["credits"], found.basis)
        history = office.ledger.accounts.history(SYSTEM, ["7", "8"])
        assert {"7": {"credits": [(1, 10), (2, 12)], "bonus": [(1, 0)]}} == history

    def test_blank_and_zero_differ(self, office: Office) -> None:
        """A balance without a value is not 0."""
        office.pull(account("7", None))
        office.pull(account("7", 0))
        assert [(1, None), (2, 0)] == office.ledger.accounts.history(SYSTEM, ["7"])["7"]["credits"]

    def test_largest_amounts(self, office: Office) -> None:
        """Amounts of 63 bits come back exactly."""
        office.pull(account("7", 2**63 - 1, -(2**63 - 1)))
        balances = office.ledger.accounts.baselines(SYSTEM, MAKER)["7"].balances
        assert {"credits": 2**63 - 1, "bonus": -(2**63 - 1)} == dict(balances)

    def test_older_reading_is_late(self, office: Office) -> None:
        """An older reading never overwrites a newer one: neither balance nor name."""
        older = office.ledger.accounts.next_reading(SYSTEM, actor="a", run="R", kind="pull")
        office.pull(account("7", 12, name="New"))
        office.ledger.accounts.record(SYSTEM, older, [account("7", 10, name="Old")])
        found = office.ledger.accounts.baselines(SYSTEM, MAKER)["7"]
        assert ("New", 12, 2) == (found.name, found.balances["credits"], found.basis)

    def test_older_reading_is_late_after_an_unchanged_one(self, office: Office) -> None:
        """That holds also when the newer reading found nothing changed."""
        office.pull(account("7", 10))
        older = office.ledger.accounts.next_reading(SYSTEM, actor="a", run="R", kind="pull")
        office.pull(account("7", 10))
        office.ledger.accounts.record(SYSTEM, older, [account("7", 8)])
        assert office.ledger.accounts.baselines(SYSTEM, MAKER)["7"].balances["credits"] == 10

    def test_found_twice_in_one_reading(self, office: Office) -> None:
        """An account that moves between two pages of one reading counts as read last."""
        reading = office.pull(account("7", 10), account("8"), account("7", 11))
        office.ledger.accounts.record(SYSTEM, reading, [account("7", 12)])
        assert office.ledger.accounts.baselines(SYSTEM, MAKER)["7"].balances["credits"] == 12
        assert [(1, 12)] == office.ledger.accounts.history(SYSTEM, ["7"])["7"]["credits"]

    def test_two_pulls_at_once(self, office: Office) -> None:
        """Two that record the same new accounts at the same moment do not stumble over one another."""
        other = office.another()
        found = [account(str(number)) for number in range(300)]
        first = office.ledger.accounts.next_reading(SYSTEM, actor="a", run="R", kind="pull")
        second = office.ledger.accounts.next_reading(SYSTEM, actor="a", run="R", kind="pull")
        at_once(
            [
                lambda: office.ledger.accounts.record(SYSTEM, first, found),
                lambda: other.accounts.record(SYSTEM, second, found[::-1]),
            ]
        )
        assert len(office.ledger.accounts.baselines(SYSTEM, MAKER)) == 300

    def test_missing(self, office: Office) -> None:
        """What a complete reading did not see is missing, until it is seen again."""

        def missing() -> set[str]:
            found = office.ledger.accounts.baselines(SYSTEM, MAKER)
            return {each for each, known in found.items() if known.missing}

        reading = office.pull(account("7"), account("8"), account("9"))
        office.ledger.accounts.mark_missing(SYSTEM, {"7"}, reading=reading)
        assert {"8", "9"} == missing()
        later = office.pull(account("8"))
        office.ledger.accounts.mark_missing(SYSTEM, {"7"}, reading=reading)  # late: 8 was seen since
        assert {"9"} == missing()
        office.ledger.accounts.mark_missing(SYSTEM, {"7", "8"}, reading=later)
        assert {"9"} == missing()

    def test_last_pull(self, office: Office) -> None:
        """The newest complete pull of each connection."""
        accounts = office.ledger.accounts
        assert accounts.last_pull("main") is None
        accounts.finish_pull("main", SYSTEM, run="R1", reading=1)
        accounts.finish_pull("main", SYSTEM, run="R2", reading=2)
        accounts.finish_pull("other", SYSTEM, run="R3", reading=3)
        found = accounts.last_pull("main")
        assert found is not None
        assert ("main", SYSTEM, "R2", 2) == (found.connection, found.system, found.run, found.reading)
        assert found.at.tzinfo is not None

    def test_adopt(self, office: Office) -> None:
        """Epochs and readings grow past keys that are newer than the ledger, and past no others."""
        office.pull(account("7"), account("8"))
        newer = RowKey((3, 0), 9, "", "", "")
        known = key_of(office, "8")
        accounts = office.ledger.accounts
        units = ("credits", "bonus")
        assert accounts.adopt(SYSTEM, [("7", newer), ("8", known)], units=units, actor="cli:ana") == 1
        assert accounts.reading(SYSTEM) == 9
        assert {"credits": 4, "bonus": 1} == dict(accounts.baselines(SYSTEM, MAKER)["7"].epochs)
        assert (0, 0) == key_of(office, "8").epochs
        assert accounts.adopt(SYSTEM, [("7", newer), ("8", known)], units=units, actor="cli:ana") == 0
        assert office.ledger.check()["chain"] == "ok"

    def test_verdict_moves_the_baseline(self, office: Office) -> None:
        """A verdict's read counts for its units; e-mail and name stay."""
        office.pull(account("7", 10, 3))
        wanted = planned()
        office.send(office.lease(), wanted, OperationState.ACCEPTED)
        assert office.judge(wanted, OperationState.CONFIRMED, now=15, reading=2)
        found = office.ledger.accounts.baselines(SYSTEM, MAKER)["7"]
        assert {"credits": 15, "bonus": 3} == dict(found.balances)
        assert ({"credits": 1, "bonus": 0}, 2, "Ana") == (dict(found.epochs), found.basis, found.name)

    def test_pull_overtaken_by_a_verdict(self, office: Office) -> None:
        """A pull that was under way during a push does not bring the old balance back."""
        office.pull(account("7", 10))
        slow = office.ledger.accounts.next_reading(SYSTEM, actor="a", run="R", kind="pull")
        wanted = planned()
        office.send(office.lease(), wanted, OperationState.ACCEPTED)
        assert office.judge(wanted, OperationState.CONFIRMED, now=15, reading=slow + 1)
        office.ledger.accounts.record(SYSTEM, slow, [Account("7", "7@example.com", "Ana", {"credits": 10})])
        assert office.ledger.accounts.baselines(SYSTEM, MAKER)["7"].balances["credits"] == 15


class TestBaselineOnSqlite(OnSqlite, BaselineContract):
    pass


class TestBaselineOnPostgresql(OnPostgresql, BaselineContract):
    pass
