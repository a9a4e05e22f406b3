"""The service against its own description: no crash, no undocumented reply."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from sheetsync.web.endpoints import ENDPOINTS, Endpoint
from tests.web.kit import Town

EXAMPLES = 8
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def described(town: Town) -> Any:  # noqa: ANN401 - schemathesis
    """Return the description as it is served."""
    return schemathesis.openapi.from_wsgi("/openapi.json", town.app)


@pytest.mark.parametrize("each", ENDPOINTS, ids=lambda each: f"{each.method} {each.path}")
def test_replies_are_as_described(town: Town, described: Any, each: Endpoint) -> None:  # noqa: ANN401
    """Whatever is asked, the reply is one that /openapi.json names."""
    headers = {"Authorization": f"Bearer {town.token('admin', 'shop')}"}

    @given(case=described[each.path][each.method].as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:  # noqa: ANN401 - schemathesis
        if "name" in case.path_parameters:
            case.path_parameters["name"] = "shop"
        case.call_and_validate(headers=headers, checks=CHECKS)

    ask()


TAKES_JSON = [each for each in ENDPOINTS if each.body and each.body.model_fields and not each.form]


@pytest.mark.parametrize("each", TAKES_JSON, ids=lambda each: f"{each.method} {each.path}")
def test_wrong_data_is_refused(town: Town, described: Any, each: Endpoint) -> None:  # noqa: ANN401
    """What the description does not allow is refused, with a reply that it names; nothing is guessed."""
    headers = {"Authorization": f"Bearer {town.token('admin', 'shop')}"}
    operation = described[each.path][each.method]

    @given(case=operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:  # noqa: ANN401 - schemathesis
        if "name" in case.path_parameters:
            case.path_parameters["name"] = "shop"
        case.call_and_validate(headers=headers, checks=[*CHECKS, negative_data_rejection])

    ask()
