"""A mail service's tokens: what a refresh token gives, and whose an access token is. Source: RFC 6749 6, RFC 7662.

The refresh token `refresh-NAME` is NAME's; so is what it gives, and another refresh token comes along.
"""

from tests.fakes.server import Answer, Call, Fake, need


class Tokens(Fake):
    def is_send(self, call: Call) -> bool:
        return call.path == "/token"

    def answer(self, call: Call) -> Answer:
        if call.path == "/token":
            need(call.fields.get("grant_type") == "refresh_token", "no such grant")
            need(bool(call.fields.get("client_id") and call.fields.get("client_secret")), "who asks?")
            kind, _dash, name = call.fields["refresh_token"].rpartition("-")
            if kind not in {"refresh", "refresh-more"}:
                return Answer({"error": "invalid_grant"}, 400)
            told = {"access_token": f"access-{name}", "expires_in": 3600, "refresh_token": f"refresh-more-{name}"}
            return Answer({"token_type": "Bearer", **told})
        token = call.headers.get("authorization", "").removeprefix("Bearer ")
        if not token.startswith("access-"):
            return Answer({"active": False}, 401)
        return Answer({"active": True, "email": token.removeprefix("access-")})
