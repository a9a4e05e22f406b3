"""The one way to an endpoint: who may call it, and what it takes; the HTTP API and the console share it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from sheetsync.errors import UsageError
from sheetsync.ports.claims import Claim
from sheetsync.web.access import Access
from sheetsync.web.endpoints import Call, Endpoint
from sheetsync.web.service import Service


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for.

    Attributes:
        target: the id in the path; empty where there is none.
        body: returns the body, unchecked; called only once the caller is let in.
        query: of the address, unchecked.
        request_id: kept with the run that it starts.
        claim: its ``Idempotency-Key``, if it has one.
    """

    target: str
    body: Callable[[], Any]
    query: Mapping[str, str]
    request_id: str
    claim: Claim | None = None


def let_in(each: Endpoint, service: Service, access: Access, asked: Asked) -> Call:
    """Return the call if the caller may make it; what is wrong with its body is said only then.

    Raises:
        NotFoundError: it is not there, or not for this caller.
        ForbiddenError: the caller sees it and may not do this.
        UsageError: body or query are not what the endpoint takes.
    """
    plan, name, target = None, None, asked.target
    if each.on == "connection":
        name, what = target, "such connection"
    elif each.on == "plan":
        plan, what = service.find_plan(access, target), "such plan"
        name = plan.connection if plan else None
    elif each.on == "run":
        found, what = service.office.ledger.runs.get(target[:26]), "such run"
        name = found.connection if found and found.run == target else None
    elif each.on == "operation":
        name, what = service.find_operation(target), "such operation"
    if each.on != "nothing":
        name = access.need(each.role, name, what=what)
    return Call(
        service=service,
        access=access,
        request_id=asked.request_id,
        claim=asked.claim,
        name=name or "",
        target=target,
        body=checked(each.body, asked.body()) if each.body else None,
        query=checked(each.query, dict(asked.query)) if each.query else None,
        plan=plan,
    )


def checked(model: type[BaseModel], data: Any) -> BaseModel:  # noqa: ANN401 - JSON
    """Return what a request sends as its model.

    Raises:
        UsageError: it is something else; says what.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems = [
            {"field": ".".join(str(part) for part in each["loc"]), "problem": each["msg"]}
            for each in error.errors(include_url=False, include_input=False, include_context=False)
        ][:20]
        first = problems[0]
        raise UsageError(
            f"The request is wrong: {first['field'] or 'the body'}: {first['problem']}.",
            hint="See /openapi.json.",
            details={"problems": problems},
        ) from error
