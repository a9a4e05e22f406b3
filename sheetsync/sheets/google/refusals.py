"""Replies of Google that are no success, in sentences for the admin and the clerk."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sheetsync.errors import LayoutError, SheetError, SheetsyncError

SETUP = "docs/google.md shows the set-up step by step."

QUOTED = 200
"""Characters of Google's own words that a message repeats."""


class PassingError(SheetError):
    """Google does not answer now, or is too busy; trying again later may help.

    Attributes:
        quota: the quota is used up; certainly nothing happened.
        lost: the request may have been carried out.
        pause_s: how long Google asked us to wait, in seconds, or None.
    """

    def __init__(
        self, message: str, *, hint: str = "", quota: bool = False, lost: bool, pause_s: float | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.quota, self.lost, self.pause_s = quota, lost, pause_s


class ChangedError(SheetError):
    """The tab is not as it was a moment ago: look again."""


class NoSuchTabError(LayoutError):
    """The range names a tab that is not there."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Google's error body.

    Attributes:
        message: Google's words.
        reasons: machine-readable reasons of its details, such as ``SERVICE_DISABLED``.
        project: number or id of the Google Cloud project that it names.
        retry_after_s: how long Google asked us to wait, in seconds, or None.
    """

    status: int
    message: str = ""
    reasons: frozenset[str] = frozenset()
    project: str = ""
    retry_after_s: float | None = None

    @classmethod
    def read(cls, status: int, body: object, headers: Mapping[str, str]) -> "Refusal":
        """Read an error body; whatever is missing stays empty."""
        error = body.get("error") if isinstance(body, dict) else None
        error = error if isinstance(error, dict) else {}
        listed = error.get("details")
        details = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        message = " ".join(str(error.get("message") or "").split())
        return cls(
            status=status,
            message=message,
            reasons=frozenset(str(each.get("reason")) for each in details if each.get("reason")),
            project=_project(details, message),
            retry_after_s=_seconds(headers.get("Retry-After")),
        )


def _project(details: list[dict[str, object]], message: str) -> str:
    for each in details:
        facts = each.get("metadata")
        if isinstance(facts, dict) and facts.get("consumer"):
            return str(facts["consumer"]).removeprefix("projects/")
    named = re.search(r"in project (\S+) before", message)
    return named[1] if named else ""


def _seconds(text: str | None) -> float | None:
    return float(text) if text and re.fullmatch(r"\d{1,6}(\.\d+)?", text) else None


@dataclass(frozen=True, slots=True)
class Refusals:
    """Says what a refusal means for one spreadsheet and one account.

    Attributes:
        place: the spreadsheet, as a sentence begins.
        who: the account that it has to be shared with.
        host: who answers.
    """

    place: str
    who: str
    host: str

    def explain(self, refusal: Refusal, *, write: bool) -> SheetsyncError:
        """Return the error for a reply."""
        if refusal.status == 429 or "RATE_LIMIT_EXCEEDED" in refusal.reasons:
            return self._quota(refusal)
        if refusal.status in (408, 500, 502, 503, 504):
            return self._busy(refusal)
        if refusal.status in (400, 403):
            named = self._by_words(refusal)
            return named or (
                self._not_shared(write=write) if refusal.status == 403 else self._refused(refusal)
            )
        if refusal.status == 401:
            return self._signed_out()
        return self._not_there() if refusal.status == 404 else self._strange(refusal)

    def _by_words(self, refusal: Refusal) -> SheetsyncError | None:
        """Return the error that Google's own words or reasons name; it has no code of its own for these."""
        said = " ".join((refusal.message.casefold(), *(reason.casefold() for reason in refusal.reasons)))
        known: dict[str, Callable[[], SheetsyncError]] = {
            "unable to parse range": self._no_tab,
            "exceeds grid limits": self._changed,
            "outside the grid": self._changed,
            "already exists": self._changed,
            "cells in the workbook above the limit": self._full,
            "protected": self._protected,
            "not supported for this document": self._office_file,
            "service_disabled": lambda: self._disabled(refusal),
            "has not been used in project": lambda: self._disabled(refusal),
            "scope_insufficient": self._scope,
            "insufficient authentication scopes": self._scope,
            "quota exceeded": lambda: self._quota(refusal),
        }
        found = next((error for words, error in known.items() if words in said), None)
        return found() if found is not None else None

    def _quota(self, refusal: Refusal) -> SheetsyncError:
        return PassingError(
            "Google's quota of requests a minute is used up.",
            hint="Try again in a few minutes; another program may be using the same service account.",
            quota=True,
            lost=False,
            pause_s=refusal.retry_after_s,
        )

    def _busy(self, refusal: Refusal) -> SheetsyncError:
        return PassingError(
            f"Google Sheets is not available now (status {refusal.status}).",
            hint="Try again in a few minutes.",
            lost=True,
            pause_s=refusal.retry_after_s,
        )

    def _refused(self, refusal: Refusal) -> SheetsyncError:
        return SheetError(
            f"Google refused a request: {refusal.message[:QUOTED].rstrip('.') or 'no reason given'}.",
            hint="Nothing of it was written. Report this with what --verbose prints.",
        )

    def _strange(self, refusal: Refusal) -> SheetsyncError:
        said = f": {refusal.message[:QUOTED]}" if refusal.message else ""
        return SheetError(
            f"{self.host} answered with status {refusal.status}{said}.",
            hint="Compare google.api_base_url with the address of Google Sheets; a proxy may be in between.",
        )

    def _signed_out(self) -> SheetsyncError:
        return SheetError(
            f"Google does not accept the sign-in of {self.who} any more.",
            hint=f"Its key was revoked or its access taken away: make a new key. {SETUP}",
        )

    def _not_there(self) -> SheetsyncError:
        return SheetError(
            f"{self.place} is not there.",
            hint="Compare spreadsheet_id with the part of its address between /d/ and /edit.",
        )

    def _no_tab(self) -> SheetsyncError:
        return NoSuchTabError(f"{self.place} has no such tab.")

    def _changed(self) -> SheetsyncError:
        return ChangedError(
            f"{self.place} was changed by somebody else in this very moment.", hint="Try again."
        )

    def _full(self) -> SheetsyncError:
        return SheetError(
            f"{self.place} is full: Google allows 10 million cells in all its tabs together.",
            hint="Delete tabs, and empty columns or rows, that nobody needs, or use another spreadsheet.",
        )

    def _protected(self) -> SheetsyncError:
        return SheetError(
            f"{self.place} has protected cells that {self.who} may not change.",
            hint=f"In Google Sheets choose Data, Protect sheets and ranges, and let {self.who} edit them.",
        )

    def _office_file(self) -> SheetsyncError:
        return SheetError(
            f"{self.place} is an Office file in Google Drive and no Google spreadsheet.",
            hint="In Google Sheets choose File, Save as Google Sheets, and configure the new one's id.",
        )

    def _disabled(self, refusal: Refusal) -> SheetsyncError:
        project = f" of the project {refusal.project}" if refusal.project else ""
        return SheetError(
            f"The Google Sheets API{project} is not enabled.",
            hint=f"Enable it in the Google Cloud console, wait a few minutes, and try again. {SETUP}",
        )

    def _scope(self) -> SheetsyncError:
        return SheetError(
            "The credentials of this machine may not use Google Sheets.",
            hint="Sign in with the scope https://www.googleapis.com/auth/spreadsheets, or name a service "
            f"account. {SETUP}",
        )

    def _not_shared(self, *, write: bool) -> SheetsyncError:
        right = "change" if write else "open"
        return SheetError(
            f"{self.place} is not shared with {self.who}, which may not {right} it.",
            hint=f"In the spreadsheet choose Share, add {self.who}, and make it an editor.",
        )
