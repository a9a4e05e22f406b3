"""What a ``Provider`` with transactions promises, beside ``ProviderContract``."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from sheetsync.core.accounts import Action, EvidenceKind
from sheetsync.core.evidence import carrying, chronological, key_of
from sheetsync.errors import OutcomeUnknownError, RejectedError
from tests.contract.provider_suite import Rig, operation, send

SINCE = datetime.now(UTC) - timedelta(days=1)


class TransactionRig(Rig, Protocol):
    """A credit system with transactions."""

    def spend(self, account_id: str, minor: int) -> None:
        """Let a customer spend."""
        ...

    def hide_transactions(self) -> None:
        """Take away the permission to read them."""
        ...


class TransactionContract:
    def test_a_change_is_found_by_its_key(self, rig: TransactionRig) -> None:
        """One transaction, with key, signed change, result and time; customers' own do not carry it."""
        provider = rig.provider()
        unit, account_id = provider.capabilities.units[0], rig.account_ids[0]
        wanted = operation(unit, account_id, Action.ADD, 500)
        send(provider, wanted, provider.account(account_id).balances)
        rig.spend(account_id, 100)
        listed = chronological(provider.transactions({account_id}, SINCE))
        (ours,) = carrying(wanted.key, listed)
        assert (account_id, 500) == (ours.account_id, ours.changes[unit.code])
        # a system need not say what a change led to
        assert ours.after[unit.code] in (None, rig.balance(account_id, unit.code) + 100)
        assert abs(datetime.now(UTC) - ours.at) < timedelta(minutes=1)
        assert ours.like_ours
        assert [None] == [key_of(each.note) for each in listed if each is not ours]
        assert not listed[-1].like_ours

    @pytest.mark.parametrize("kind", ["drop_after", "error_500_after", "junk_before_json", "truncated"])
    def test_a_lost_answer_leaves_its_transaction(self, rig: TransactionRig, kind: str) -> None:
        """What was applied although the answer was lost can be found."""
        provider = rig.provider()
        unit, account_id = provider.capabilities.units[0], rig.account_ids[1]
        before = provider.account(account_id).balances
        rig.script(kind, on="write")
        wanted = operation(unit, account_id, Action.ADD, 5)
        with pytest.raises(OutcomeUnknownError):
            send(provider, wanted, before)
        assert 1 == len(carrying(wanted.key, provider.transactions({account_id}, SINCE)))

    def test_many_accounts(self, rig: TransactionRig) -> None:
        """Of several accounts, each transaction once, and nobody else's."""
        provider = rig.provider()
        unit = provider.capabilities.units[0]
        sent = [operation(unit, account_id, Action.ADD, 5) for account_id in rig.account_ids[:6]]
        for each in sent:
            send(provider, each, {unit.code: 0})
        wanted = set(rig.account_ids[:5])
        listed = list(provider.transactions(wanted, SINCE))
        found = [one.account_id for each in sent for one in carrying(each.key, listed)]
        assert rig.account_ids[:5] == found
        everybody = list(provider.transactions(None, SINCE))
        assert len(everybody) == len({each.transaction_id for each in everybody})
        assert set(rig.account_ids[:6]) <= {each.account_id for each in everybody}

    def test_a_missing_permission_is_said(self, rig: TransactionRig) -> None:
        """Then balances have to do, and reading transactions is refused."""
        assert EvidenceKind.TRANSACTION is rig.provider().evidence()
        rig.hide_transactions()
        assert EvidenceKind.BALANCE is rig.provider().evidence()
        with pytest.raises(RejectedError):
            list(rig.provider().transactions({rig.account_ids[0]}, SINCE))

    def test_reads_of_transactions_try_again(self, rig: TransactionRig) -> None:
        """They outlive a passing fault."""
        provider = rig.provider(retries=2)
        provider.account(rig.account_ids[0])
        rig.script("html_502", on="read", times=2)
        assert [] == carrying("NONE", provider.transactions({rig.account_ids[0]}, SINCE))
