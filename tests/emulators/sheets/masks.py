"""Field masks: what of a reply is wanted, and what of an object an update may change."""

import copy
import re
from typing import Any

from tests.emulators.sheets.errors import ApiError, Json

# A mask as a tree: an empty branch means everything below.
Tree = dict[str, "Tree"]
_TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[*(),./]")
_SNAKE = re.compile(r"_([a-z0-9])")


def camel(name: str) -> str:
    """A field's name as JSON has it."""
    return _SNAKE.sub(lambda found: found[1].upper(), name)


def parse(text: str) -> Tree:
    """Read a mask such as `sheets(properties.title,data/rowData),namedRanges`.

    Raises:
        ApiError: It is no mask.
    """
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != re.sub(r"\s", "", text):
        raise ApiError("Request contains an invalid argument.")
    tree: Tree = {}
    rest = _list(tokens, tree)
    if rest:
        raise ApiError("Request contains an invalid argument.")
    return tree


def _list(tokens: list[str], tree: Tree) -> list[str]:
    while tokens and tokens[0] != ")":
        tokens = _path(tokens, tree)
        if tokens and tokens[0] == ",":
            tokens = tokens[1:]
    return tokens


def _path(tokens: list[str], tree: Tree) -> list[str]:
    name, tokens = camel(tokens[0]), tokens[1:]
    known = name in tree and not tree[name]
    branch = tree.setdefault(name, {})
    if tokens and tokens[0] in {".", "/"}:
        if len(tokens) == 1:
            raise ApiError("Request contains an invalid argument.")
        tokens = _path(tokens[1:], branch)
    elif tokens and tokens[0] == "(":
        tokens = _list(tokens[1:], branch)
        if not tokens:
            raise ApiError("Request contains an invalid argument.")
        tokens = tokens[1:]
    else:
        branch.clear()
    if known:
        branch.clear()
    return tokens


def pick(value: object, tree: Tree) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """Only the wanted fields of a reply."""
    if not tree or "*" in tree:
        return value
    if isinstance(value, list):
        return [pick(item, tree) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: pick(value[name], branch) for name, branch in _present(value, tree)}


def _present(value: Json, tree: Tree) -> list[tuple[str, Tree]]:
    return [(name, tree[name]) for name in value if name in tree]


def update_mask(text: str) -> Tree:
    """The mask of an update request.

    Raises:
        ApiError: It names no field.
    """
    if not text.strip():
        raise ApiError("At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)")
    return parse(text)


def merged(old: Json, new: Json, tree: Tree) -> Json:
    """An object after an update: named fields are those of `new`, or gone where it has none."""
    if not tree or "*" in tree:
        return copy.deepcopy(new)
    result = dict(old)
    for name, branch in tree.items():
        if branch and "*" not in branch and isinstance(new.get(name, old.get(name, {})), dict):
            result[name] = merged(old.get(name) or {}, new.get(name) or {}, branch)
        elif name in new:
            result[name] = copy.deepcopy(new[name])
        else:
            result.pop(name, None)
    return {name: value for name, value in result.items() if value != {} or name in new}


def wants(tree: Tree, *path: str) -> bool:
    """Whether a reply under this mask holds anything of the path."""
    for name in path:
        if not tree or "*" in tree:
            return True
        if name not in tree:
            return False
        tree = tree[name]
    return True
