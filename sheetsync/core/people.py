"""Which names mean one person: the same clerk acts through the command line, the sheet and scripts."""


def same_person(one: str, other: str) -> bool:
    """Whether two actors (``cli:ana``, ``web:ana@example.org``, ``token:ana@example.org``) are one person.

    Two e-mail addresses are compared without case; a name without one is the person whose address begins
    with it. That can take two people for one. One person under unlike names, such as ``cli:root`` beside
    ``web:ana@example.org``, or with two addresses, counts as two.
    """
    first, second = (_name(actor) for actor in (one, other))
    if "@" in first and "@" in second:
        return first == second
    return first.partition("@")[0] == second.partition("@")[0]


def _name(actor: str) -> str:
    return actor.partition(":")[2].strip().casefold() or actor.strip().casefold()
