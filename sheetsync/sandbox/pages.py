"""Pages and scraps that stand between a client and the JSON it asked for."""

from sheetsync.sandbox.wire import Request, Response, html_response, json_response

BAD_GATEWAY = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
CRITICAL = (
    '<!DOCTYPE html>\n<html lang="en-US">\n<head>\n'
    '<meta http-equiv="Content-Type" content="text/html; charset=utf-8" />\n'
    "<title>WordPress &rsaquo; Error</title>\n</head>\n"
    '<body id="error-page">\n<div class="wp-die-message">'
    "<p>There has been a critical error on this website.</p></div>\n</body>\n</html>\n"
)
BRIEFLY = "Briefly unavailable for scheduled maintenance. Check back in a minute."
MAINTENANCE = (
    '<!DOCTYPE html>\n<html lang="en-US">\n<head><title>Maintenance</title></head>\n'
    f'<body id="error-page"><div class="wp-die-message"><h1>{BRIEFLY}</h1></div></body>\n</html>\n'
)
CHALLENGE = (
    '<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head><body>'
    "<noscript>Enable JavaScript and cookies to continue</noscript></body></html>\n"
)
NOTICE = (
    b"<br />\n<b>Notice</b>:  Undefined index: credits in"
    b" <b>/var/www/html/wp-content/plugins/fastcredit/api.php</b> on line <b>88</b><br />\n"
)
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def maintenance(request: Request, retry_after_s: int) -> Response:
    """WordPress while it updates itself: a page, or JSON for a client that asks for it."""
    if "application/json" in request.headers.get("accept", ""):
        error = {"code": "wp_die", "message": BRIEFLY, "data": {"status": 503}, "additional_errors": []}
        answer = json_response(error, 503)
    else:
        answer = html_response(MAINTENANCE, 503)
    return answer.with_headers(Retry_After=str(retry_after_s))


def challenge() -> Response:
    """Cloudflare's bot check: a block, however often it is asked again."""
    return html_response(CHALLENGE, 403).with_headers(cf_mitigated="challenge", Server="cloudflare")


def redirect(request: Request, location: str | None) -> Response:
    """A permanent redirect; by default to the same address, marked so that a log shows who followed it."""
    mark = "&" if "?" in request.uri else "?"
    where = location or f"{request.base_url}{request.uri}{mark}redirected=1"
    return html_response("", 301).with_headers(Location=where)
