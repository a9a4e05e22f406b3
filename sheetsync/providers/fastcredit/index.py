"""WordPress's own table of contents: which routes a site lists, with methods and arguments. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sheetsync.config import Route
from sheetsync.providers.messages import clean

WORD = "credit"
"""What a route has in its path that may be the plug-in's."""

LISTED_MOST = 40
"""Endpoints of credit routes that are looked at; a plug-in has a handful."""

PATH_MOST = 120
"""Characters of a route's path that a message repeats."""

_GROUP = re.compile(r"\((?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*\)")


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of an endpoint.

    Attributes:
        kind: as in JSON Schema: ``integer``, ``number``, ``string`` …; "" where the site does not say.
    """

    kind: str = ""
    required: bool = False

    def __str__(self) -> str:
        return f"{self.kind or 'any'}{'' if self.required else ', optional'}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One way to call a route.

    Attributes:
        path: below the REST root, its parts that vary as ``{name}``.
        methods: in upper case, as listed.
        args: name → argument, those in the path included.
    """

    path: str
    methods: tuple[str, ...]
    args: Mapping[str, Argument] = field(default_factory=dict)

    def __str__(self) -> str:
        told = ", ".join(f"{name}: {arg}" for name, arg in self.args.items())
        return f"{'/'.join(self.methods)} {self.path[:PATH_MOST]}" + (f" ({told})" if told else "")


@dataclass(frozen=True, slots=True)
class Index:
    """WordPress's own table of contents.

    Attributes:
        has_app_passwords: None where the index does not say.
        routes: pattern → methods.
        endpoints: of the routes with "credit" in their path.
        namespaces: all of the site.
    """

    has_app_passwords: bool | None
    routes: Mapping[str, frozenset[str]]
    endpoints: tuple[Endpoint, ...] = ()
    namespaces: tuple[str, ...] = ()

    def finds(self, route: Route, root: str) -> bool:
        """Whether a configured route is listed, with its method."""
        wanted = _segments(rest_route(route.path, root))
        return any(
            route.method in methods and _fits(wanted, _segments(pattern))
            for pattern, methods in self.routes.items()
        )

    def unused(self, used: Mapping[str, Route], root: str) -> list[Endpoint]:
        """Return the endpoints with "credit" in their path that no configured route calls."""
        calls = [(route.method, _segments(rest_route(route.path, root))) for route in used.values()]
        return [
            each
            for each in self.endpoints
            if not any(method in each.methods and _fits(path, _segments(each.path)) for method, path in calls)
        ]


def parse_index(data: object) -> Index | None:
    """Return the index of a site or of one namespace, or None if this is none."""
    if not isinstance(data, dict) or not isinstance(data.get("routes"), dict):
        return None
    ways, spaces = data.get("authentication"), data.get("namespaces")
    # PHP writes an empty map as a list.
    has = "application-passwords" in ways if isinstance(ways, dict | list) else None
    return Index(
        has,
        {str(path): frozenset(_methods(about)) for path, about in data["routes"].items()},
        tuple(_credit_endpoints(data["routes"]))[:LISTED_MOST],
        tuple(clean(str(name)) for name in spaces) if isinstance(spaces, list) else (),
    )


def rest_route(path: str, root: str) -> str:
    """Return a configured path as WordPress lists it: below the root, without parameters."""
    below = path.removeprefix(root) if path.startswith(root) else path
    return re.split("[?&]", below)[0]


def readable(pattern: str) -> str:
    """Return ``/users/(?P<id>[0-9]+)/credits`` as ``/users/{id}/credits``."""

    def name(match: re.Match[str]) -> str:
        found = re.match(r"\(\?P?<(\w+)>", match[0])
        return f"{{{found[1] if found else '…'}}}"

    return _GROUP.sub(name, pattern).replace("\\", "")


def _credit_endpoints(routes: Mapping[object, object]) -> Iterator[Endpoint]:
    for pattern, about in routes.items():
        path = clean(readable(str(pattern)))
        # a namespace's own address lists it, and does nothing else
        if (
            WORD not in path.lower()
            or not isinstance(about, dict)
            or path.strip("/") == about.get("namespace")
        ):
            continue
        listed = about.get("endpoints")
        for each in listed if isinstance(listed, list) and listed else [about]:
            if isinstance(each, dict):
                yield Endpoint(path, tuple(_methods(each)), dict(_arguments(each.get("args"))))


def _arguments(args: object) -> Iterator[tuple[str, Argument]]:
    for name, about in args.items() if isinstance(args, dict) else ():
        if isinstance(about, dict):
            kind = about.get("type")
            kinds = kind if isinstance(kind, list) else [kind]
            words = [clean(each) for each in kinds if isinstance(each, str)]
            yield clean(str(name))[:PATH_MOST], Argument("/".join(words), about.get("required") is True)


def _methods(about: object) -> Iterator[str]:
    listed = about.get("methods") if isinstance(about, dict) else None
    for method in listed if isinstance(listed, list) else ():
        yield clean(str(method)).upper()


def _segments(path: str) -> list[str]:
    """Split a path into segments; one that holds a placeholder or a pattern is "*"."""
    # The site's patterns are never run: foreign regular expressions may take for ever.
    parts = readable(path).strip("/").split("/")
    return ["*" if "{" in part else part.casefold() for part in parts]


def _fits(wanted: list[str], listed: list[str]) -> bool:
    return len(wanted) == len(listed) and all(
        "*" in (one, other) or one == other for one, other in zip(wanted, listed, strict=True)
    )
