"""OpenAPI: every operation has a summary and its errors, every tag is the first part of the path."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework.permissions import SAFE_METHODS

from businesses import scopes


class Schema(AutoSchema):
    def get_tags(self) -> list[str]:
        return [self.path.removeprefix("/api/v1/").split("/")[0]]

    def get_auth(self) -> list[dict[str, list[str]]]:
        """API tokens are named only where they open something, with the scope that they need there."""
        resource = getattr(self.view, "resource", None)
        ways: list[dict[str, list[str]]] = [way for way in super().get_auth() if ApiTokenScheme.name not in way]
        scope = scopes.needed(resource, is_safe=self.method in SAFE_METHODS)
        if scope and ways:
            ways.append({ApiTokenScheme.name: [] if resource == scopes.ME else [scope]})
        return ways


def refuse_who_may_not_act(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Whatever needs a sign-in can answer 429, and 403: who signed in may still not act, like the unconfirmed."""
    refusal, too_fast = (
        {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}, "description": ""}
        for name in ("Detail", "TooFastBody")
    )
    for operations in result["paths"].values():
        for operation in operations.values():
            if any(operation.get("security", [])):
                operation["responses"].setdefault("403", refusal)
                operation["responses"].setdefault("429", too_fast)
    return result


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.api.authentication.Bearer"
    name = "Bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class ApiTokenScheme(OpenApiAuthenticationExtension):
    target_class = "businesses.api.authentication.ApiTokenBearer"
    name = "ApiToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "pbt_<prefix>_<secret>",
            "description": "Made in Settings -> API tokens. The scope named at an operation, or `read` or `write`.",
        }


class OwnPagesScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.api.authentication.OwnPages"
    name = "SessionCookie"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
