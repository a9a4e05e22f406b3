"""``create_app``: the Flask application, made from settings."""

import logging
import re
import time
import traceback
from pathlib import Path

from flask import Flask, Response, g, request
from ulid import ULID
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix

from sheetsync.bootstrap import Office
from sheetsync.config import Settings
from sheetsync.errors import ConfigError, NotFoundError, SheetsyncError, TooLargeError, UsageError
from sheetsync.ledger.requests import REQUEST
from sheetsync.web import console
from sheetsync.web.access import Access
from sheetsync.web.callers import Door
from sheetsync.web.endpoints import ENDPOINTS, Call, Endpoint
from sheetsync.web.gate import Asked, let_in
from sheetsync.web.google import GoogleIdentity
from sheetsync.web.metrics import Metrics
from sheetsync.web.openapi import spec
from sheetsync.web.replay import HEADER, claim_of, once
from sheetsync.web.service import Service
from sheetsync.web.sessions import Sessions
from sheetsync.web.wire import (
    BODY_MAX_BYTES,
    CSV,
    UPLOAD_MAX_BYTES,
    Csv,
    as_csv,
    as_dict,
    as_json,
    form_body,
    json_body,
    refusal,
)

REQUEST_ID = "X-Request-Id"
_REQUEST_ID = re.compile(r"[\w-]{8,64}", re.ASCII)
_log = logging.getLogger("sheetsync.web")

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


def create_app(settings: Settings) -> Flask:
    """Return the application; ``app.extensions["sheetsync"]`` is its service, whose office is to be closed.

    Raises:
        ConfigError: Google callers are expected and no audience is named.
        LedgerError: the ledger cannot be opened.
    """
    auth = settings.auth
    if "google_audiences" in auth.model_fields_set and not auth.google_audiences:
        raise ConfigError(
            "auth.google_audiences is empty: Google tokens for any program in the world would do.",
            hint="Name the client ids of the add-on's projects, or leave the key out: no Google caller then.",
        )
    app = Flask("sheetsync.web", static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=BODY_MAX_BYTES, MAX_FORM_MEMORY_SIZE=BODY_MAX_BYTES)
    app.url_map.strict_slashes = True
    office = Office(settings)
    service = Service(office)
    app.secret_key = service.store.callers.signing_key()
    sessions = Sessions(app.secret_key)
    door = Door(service.store.callers, GoogleIdentity(auth) if auth.google_audiences else None, sessions)
    metrics = Metrics(service.store)
    app.extensions["sheetsync"] = service
    _hooks(app, metrics)
    for each in ENDPOINTS:
        _add(app, each, service, door)
    _add_open(app, service, door, metrics)
    console.add(app, service, door)
    if settings.service.trusted_proxies:
        hops = settings.service.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _add(app: Flask, each: Endpoint, service: Service, door: Door) -> None:
    def view(**path: str) -> Response:
        if each.form:
            request.max_content_length = UPLOAD_MAX_BYTES
        access = Access(door.recognise(request), service.office.settings, service.store.callers)
        target = next(iter(path.values()), "")
        read = form_body if each.form else json_body
        claim = None
        if each.method == "POST":
            claim = claim_of(service, access.caller.identity, request.headers.get(HEADER))
        asked = Asked(target, read, request.args.to_dict(), g.request_id, claim)
        call = let_in(each, service, access, asked)
        if each.method == "POST":
            return _answer_once(each, call, service)
        if each.csv is not None and request.accept_mimetypes.best_match(["application/json", CSV]) == CSV:
            return as_csv(each.csv(call))
        status, body = each.run(call)
        return as_csv(body) if isinstance(body, Csv) else as_json(status, body)

    rule = re.sub(r"{(\w+)}", r"<\1>", each.path)
    app.add_url_rule(rule, f"{each.method} {each.path}", view, methods=[each.method])


def _answer_once(each: Endpoint, call: Call, service: Service) -> Response:
    asked = [
        request.method,
        request.path,
        None if call.body is None else call.body.model_dump(mode="json"),
    ]
    (status, body), replayed = once(service, call.claim, asked, lambda: each.run(call))
    reply = as_json(status, body)
    if replayed:
        reply.headers["Idempotency-Replayed"] = "true"
    return reply


def _add_open(app: Flask, service: Service, door: Door, metrics: Metrics) -> None:
    """Add what describes the service itself; only health and the description need no caller."""
    document = spec()

    @app.get("/openapi.json")
    def openapi() -> Response:
        return as_json(200, document)

    @app.get("/healthz")
    def healthz() -> Response:
        return as_json(200, {"status": "ok"})

    @app.get("/readyz")
    def readyz() -> Response:
        try:
            service.office.ledger.runs.unfinished()
            service.queue.ping()
        except Exception as error:  # noqa: BLE001 - whatever it is: not ready, and no details for strangers
            _log.warning("Not ready: %s", type(error).__name__)
            told = SheetsyncError("The database or the queue is not to be reached.", hint="Try again.")
            return as_json(503, as_dict(told))
        return as_json(200, {"status": "ok"})

    @app.get("/metrics")
    def metering() -> Response:
        Access(door.recognise(request), service.office.settings, service.store.callers).need_everywhere(
            "viewer"
        )
        text, kind = metrics.text()
        return Response(text, content_type=kind)


def _hooks(app: Flask, metrics: Metrics) -> None:
    @app.before_request
    def begin() -> None:
        given = request.headers.get(REQUEST_ID, "")
        g.request_id = given if _REQUEST_ID.fullmatch(given) else str(ULID())
        REQUEST.set(g.request_id)
        g.began_s = time.monotonic()

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        REQUEST.set(None)  # the thread answers others, too

    @app.after_request
    def finish(reply: Response) -> Response:
        for name, value in HEADERS.items():
            reply.headers.setdefault(name, value)
        reply.headers[REQUEST_ID] = g.request_id
        if request.is_secure:
            reply.headers["Strict-Transport-Security"] = "max-age=31536000"
        took_s = time.monotonic() - g.began_s
        where = request.url_rule.rule if request.url_rule else "(none)"
        metrics.request(where, request.method, reply.status_code, took_s)
        facts = {
            "request_id": g.request_id, "method": request.method, "route": where,
            "status": reply.status_code, "ms": round(took_s * 1000),
        }  # fmt: skip
        _log.info("request", extra={"facts": facts})  # the route, not the path: no ids, no queries
        return reply

    @app.errorhandler(SheetsyncError)
    def told(error: SheetsyncError) -> Response:
        return _refusal(error.http_status, error)

    @app.errorhandler(RequestEntityTooLarge)
    def too_large(_error: HTTPException) -> Response:
        found = TooLargeError(
            f"The request is larger than {request.max_content_length} bytes.", hint="Send less at once."
        )
        return _refusal(413, found)

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        status = error.code or 500
        kind = NotFoundError if status == 404 else UsageError
        reply = _refusal(status, kind(f"{error.name}.", hint="See /openapi.json."))
        reply.headers.extend((name, value) for name, value in error.get_headers() if name == "Allow")
        return reply

    @app.errorhandler(Exception)
    def crashed(error: Exception) -> Response:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}, line {where.lineno}"
        _log.error(
            "crash",
            extra={"facts": {"request_id": g.request_id, "kind": type(error).__name__, "place": place}},
        )
        told = SheetsyncError(
            f"Something failed that should not: {type(error).__name__} ({place}).",
            hint="What was done so far is in the ledger. Tell the admin the request id.",
        )
        return _refusal(500, told)


def _refusal(status: int, error: SheetsyncError) -> Response:
    return refusal(status, error, console.refusal(status, error))
