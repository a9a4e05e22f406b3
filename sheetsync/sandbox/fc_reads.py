"""FasCard's read-only calls besides accounts and transactions."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sheetsync.sandbox.book import Book, UnknownAccountError
from sheetsync.sandbox.fc_accounts import USER_ID_OFFSET
from sheetsync.sandbox.fc_plant import (
    FOREIGN_PLACE,
    Plant,
    Record,
    foreign_place,
    machine_history,
    pricing,
    satellite_history,
    schedule,
    statistics,
)
from sheetsync.sandbox.fc_site import (
    ACCOUNT_ID,
    OFFICE_USER_ID,
    ApiError,
    FasCardSite,
    Query,
    not_found,
    require,
)
from sheetsync.sandbox.wire import Response, json_response

_MACHINE_CHANGES = 60
_SATELLITE_CHANGES = 20
_STEP_S = 600
_EQUIPMENT_SETUP = "Equipment Setup"


@dataclass
class Reads:
    """Answers from the plant; what names a person from the book."""

    book: Book
    site: FasCardSite
    username: str
    plant: Plant = field(default_factory=Plant)

    def __post_init__(self) -> None:
        """Lay out the addresses; the first that matches answers."""
        self._routes: Sequence[tuple[str, Callable[..., object]]] = (
            ("user", lambda _: self._office()),
            (r"user/(\d+)", self._user),
            ("account", lambda _: [self._account()]),
            ("location", lambda _: self._locations()),
            (r"location/(\d+)", lambda _, one: self._pick(self._locations(), "Location", one)),
            ("locationgroup", lambda _: self.plant.groups),
            (r"locationgroup/(\d+)", lambda _, one: self._pick(self.plant.groups, "LocationGroup", one)),
            ("machine", self._machines),
            (r"machine/(\d+)", lambda _, one: self._pick(self.plant.machines, "Machine", one)),
            (r"machine/(\d+)/history", self._machine_history),
            ("equip", lambda query: self._at_place(self.plant.equipment, query)),
            ("addvaluepackage", lambda _: self.plant.packages),
            ("coupon", lambda _: self.plant.coupons),
            ("card", lambda _: self.plant.cards),
            ("satellite", lambda query: self._at_place(self.plant.satellites, query)),
            (r"satellite/(\d+)", lambda _, one: self._pick(self.plant.satellites, "Satellite", one)),
            (r"satellite/(\d+)/history", self._satellite_history),
            (r"equip/(\d+)/(location(?:group)?)/(\d+)/pricing", self._pricing),
            (r"(location(?:group)?)/(\d+)/equip/(\d+)/pricing", self._pricing_turned),
            (r"equip/(\d+)/(?:schedule/(\d+)|location/(\d+)/schedule)", self._schedule),
            (r"location/(\d+)/equip/(\d+)/schedule", lambda query, at, one: self._schedule(query, one, at)),
            ("sysstats", self._statistics),
        )

    def serve(self, path: str, query: Query) -> Response:
        """Answer a GET."""
        for pattern, answer in self._routes:
            if match := re.fullmatch(f"/api/{pattern}", path):
                return json_response(answer(query, *match.groups()))
        raise not_found("Resource")

    def _office(self) -> Record:
        return {
            "EmailAddress": self.username,
            "Name": "Sandbox Office",
            "NewUser": False,
            "Language": "en",
            "UserID": OFFICE_USER_ID,
            "AllowEmailEdit": False,
        }

    def _user(self, query: Query, user_id: str) -> object:
        require("User Manager", held=self.site.user_manager)
        if query.whole("AccountID") is None and not query.get("accountid"):
            raise ApiError(400, "AccountID is required")
        try:
            person = self.book.person(str(int(user_id) - USER_ID_OFFSET))
        except UnknownAccountError:
            raise not_found("User") from None
        shown = {**self._office(), "EmailAddress": person.email or None, "Name": person.name}
        return shown | {"UserID": int(user_id)}

    def _account(self) -> Record:
        return {
            "ID": ACCOUNT_ID,
            "Name": "Sandbox Laundry",
            "Employee": True,
            "Scheduled": False,
            "Balance": 0,
            "Bonus": 0,
            "LoyaltyPoints": None,
            "FreeStarts": None,
            "UserID": OFFICE_USER_ID,
            "UserAccountID": OFFICE_USER_ID,
            "Surcharge": None,
            "SurchargeMode": 3,
        }

    def _locations(self) -> list[Record]:
        others = [foreign_place()] if self.site.foreign_records else []
        return [*others, *self.plant.locations]

    def _machines(self, query: Query) -> object:
        machine = query.whole("MachineID")
        if machine is not None:
            return self._pick(self.plant.machines, "Machine", str(machine))
        if query.whole("LocationID") is None:
            # "Machines active for current user": those that this person has started.
            return [one for one in self.plant.machines if one["UserActive"]]
        return self._at_place(self.plant.machines, query)

    def _at_place(self, records: Sequence[Record], query: Query) -> list[Record]:
        place = query.whole("LocationID")
        if place is not None and place not in {*self.plant.location_ids, FOREIGN_PLACE}:
            raise not_found("Location")
        return [record for record in records if place is None or record.get("LocationID", place) == place]

    def _pick(self, records: Sequence[Record], what: str, record_id: str) -> object:
        found = [record for record in records if record["ID"] == int(record_id)]
        if not found:
            raise not_found(what)
        return found[0] if self.site.bare_record else found

    def _machine_history(self, query: Query, machine: str) -> object:
        self._pick(self.plant.machines, "Machine", machine)
        if any(one["ID"] == int(machine) and one["EquipID"] is None for one in self.plant.machines):
            raise not_found("Machine history")  # it was never connected
        return machine_history(int(machine), query.limit(_MACHINE_CHANGES))

    def _satellite_history(self, query: Query, satellite: str) -> object:
        self._pick(self.plant.satellites, "Satellite", satellite)
        return satellite_history(int(satellite), query.limit(_SATELLITE_CHANGES))

    def _pricing(self, _query: Query, equip: str, kind: str, place: str) -> object:
        require(_EQUIPMENT_SETUP, held=self.site.equipment_setup)
        self._pick(self.plant.equipment, "Equip", equip)
        if kind == "location":
            self._pick(self.plant.locations, "Location", place)
        else:
            self._pick(self.plant.groups, "LocationGroup", place)
        return pricing()

    def _pricing_turned(self, query: Query, kind: str, place: str, equip: str) -> object:
        return self._pricing(query, equip, kind, place)

    def _schedule(self, _query: Query, equip: str, place: str | None, other: str | None = None) -> object:
        require(_EQUIPMENT_SETUP, held=self.site.equipment_setup)
        where = place or other or ""
        self._pick(self.plant.equipment, "Equip", equip)
        self._pick(self.plant.locations, "Location", where)
        return schedule(int(equip), int(where))

    def _statistics(self, query: Query) -> object:
        require("Support Admin", held=self.site.support_admin)
        types = query.get("types", "")
        if not re.fullmatch(r"\d+(,\d+)*", types):
            raise ApiError(400, "Types is required")
        start, end = query.moment("MinDateTime"), query.moment("MaxDateTime")
        step_s = query.whole("Interval") or _STEP_S
        return statistics([int(one) for one in types.split(",")], start, end, step_s)
