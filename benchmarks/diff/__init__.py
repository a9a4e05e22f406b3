"""The diff of a tab against the ledger and live balances, beside what others do with two tables."""
