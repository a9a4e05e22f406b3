"""WordPress' own table of contents: `/wp-json/` and `/wp-json/<namespace>`."""

from collections.abc import Mapping
from dataclasses import dataclass

from sheetsync.sandbox.wire import Request, Response, json_response
from sheetsync.sandbox.wordpress import WordPressSite, no_route

_Args = dict[str, object]
_Routes = dict[str, object]

_USER_ID: _Args = {"type": "integer", "required": True, "description": "Unique identifier for the user."}
_PAGING: dict[str, _Args] = {
    "context": {"type": "string", "enum": ["view", "embed", "edit"], "default": "view", "required": False},
    "page": {"type": "integer", "default": 1, "minimum": 1, "required": False},
    "per_page": {"type": "integer", "default": 10, "minimum": 1, "maximum": 100, "required": False},
    "order": {"type": "string", "enum": ["asc", "desc"], "default": "asc", "required": False},
    "orderby": {"type": "string", "default": "name", "required": False},
}


@dataclass(slots=True)
class Index:
    """Lists namespaces and routes with their methods and arguments."""

    site: WordPressSite
    scale: int

    def show(self, request: Request, route: str) -> Response:
        """Answer `/`, `/wp/v2` or the namespace of the credit routes."""
        namespaces = ["wp/v2", self.site.namespace]
        if route == "/":
            return json_response(self._site(request.base_url, namespaces))
        if route.strip("/") in namespaces:
            return json_response(self._namespace(request.base_url, route.strip("/")))
        raise no_route()

    def _site(self, base_url: str, namespaces: list[str]) -> dict[str, object]:
        return {
            "name": "Sandbox shop",
            "description": "Not a real shop",
            "url": base_url,
            "home": base_url,
            "gmt_offset": "0",
            "timezone_string": "",
            "namespaces": namespaces,
            "authentication": self._authentication(base_url),
            "routes": {"/": _route("", "GET", {})}
            | {path: about for name in namespaces for path, about in self._routes(name).items()},
            "_links": {"help": [{"href": "https://developer.wordpress.org/rest-api/"}]},
        }

    def _authentication(self, base_url: str) -> object:
        # PHP writes an empty map as a list.
        if self.site.app_passwords_off:
            return []
        return {
            "application-passwords": {
                "endpoints": {"authorization": f"{base_url}/wp-admin/authorize-application.php"}
            }
        }

    def _namespace(self, base_url: str, name: str) -> dict[str, object]:
        return {
            "namespace": name,
            "routes": self._routes(name),
            "_links": {"up": [{"href": f"{base_url}/wp-json/"}]},
        }

    def _routes(self, name: str) -> _Routes:
        root: _Routes = {f"/{name}": _route(name, "GET", {})}
        if name == "wp/v2":
            return root | {
                "/wp/v2/users": _route(name, "GET", _PAGING),
                "/wp/v2/users/(?P<id>[\\d]+)": _route(name, "GET", {"id": _USER_ID}),
                "/wp/v2/users/me": _route(name, "GET", {}),
            }
        amount: _Args = {
            "type": "integer" if self.scale == 0 else "number",
            "required": True,
            "description": "Credits.",
        }
        path = f"/{name}/users/(?P<id>[\\d]+)/credits"
        return root | {
            path: _route(name, "GET", {"id": _USER_ID}),
            f"{path}/add": _route(name, "POST", {"id": _USER_ID, "amount": amount}),
            f"{path}/reset": _route(name, "POST", {"id": _USER_ID, "amount": amount}),
        }


def _route(namespace: str, method: str, args: Mapping[str, _Args]) -> dict[str, object]:
    return {"namespace": namespace, "methods": [method], "endpoints": [{"methods": [method], "args": args}]}
