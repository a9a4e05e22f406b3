"""Long lists within JSON, packed: a plan of 100,000 lines is 150 MB of text, and packed a tenth.

A database copies a value more than once on its way in, so that its text at full length would cost more memory
than the rows. What holds the list stays JSON, from which the database can cut single members.
"""

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from itertools import chain
from typing import Any

from sheetsync.long_json import LEVELS

PLAIN_MOST = 500_000
"""Characters of a list that are kept as they are; a longer one is packed."""

_MARK = "zlib, base64"


def packed(text: Iterator[str]) -> Iterator[str]:
    """Yield the JSON text of a list, or of the object that holds it packed where it is long."""
    begun, size = [], 0
    for piece in text:
        begun.append(piece)
        size += len(piece)
        if size > PLAIN_MOST:
            break
    else:
        yield from begun
        return
    packer = zlib.compressobj(zlib.Z_BEST_SPEED)
    parts = [packer.compress(piece.encode()) for piece in chain(begun, text)]
    yield json.dumps({_MARK: b64encode(b"".join([*parts, packer.flush()])).decode()})


def unpacked(value: Any, levels: int = LEVELS) -> Any:  # noqa: ANN401 - JSON
    """Return a JSON value with its packed lists unpacked."""
    if not isinstance(value, dict):
        return value
    if list(value) == [_MARK] and isinstance(value[_MARK], str):
        return json.loads(zlib.decompress(b64decode(value[_MARK])))
    return {key: unpacked(each, levels - 1) for key, each in value.items()} if levels else value
