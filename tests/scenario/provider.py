"""A provider that signs people in by OAuth 2.0, on loopback: the sign-in page that says yes, the tokens, and what a mail server asks of them."""

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

CLIENT, SECRET = "roost-client", "roost-secret"


class Provider:
    """`access`: tokens that are good, with whose they are. Each renewal gives a new refresh token and ends the old one."""

    def __init__(self) -> None:
        self.access: dict[str, str] = {}
        self.refresh: dict[str, str] = {}
        self.codes: dict[str, tuple[str, str, str]] = {}
        self.given = 0
        self.refuses = ""
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
                self.send_response(302)
                self.send_header("Location", f"{asked['redirect_uri']}?{urlencode(provider.answer(asked))}")
                self.end_headers()

            def do_POST(self) -> None:
                sent = {k: v[0] for k, v in parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()).items()}
                status, said = provider.introspect(sent) if self.path == "/introspect" else provider.tokens(sent)
                body = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def settings(self, hosts: str) -> dict[str, str]:
        """The settings of a Roost that is registered here."""
        return {
            "oauth.other_label": "Example Mail", "oauth.other_hosts": hosts, "oauth.other_authorize": f"{self.base}/authorize", "oauth.other_token": f"{self.base}/token",
            "oauth.other_scope": "mail", "oauth.other_id": CLIENT, "oauth.other_secret": SECRET,
        }  # fmt: skip

    def answer(self, asked: dict[str, str]) -> dict[str, str]:
        """What the sign-in page sends people back with."""
        if self.refuses:
            return {"error": "access_denied", "error_description": self.refuses, "state": asked["state"]}
        assert asked["client_id"] == CLIENT and asked["code_challenge_method"] == "S256" and asked["scope"] == "mail"
        code = self._new("c")
        self.codes[code] = (asked["login_hint"], asked["code_challenge"], asked["redirect_uri"])
        return {"code": code, "state": asked["state"]}

    def tokens(self, sent: dict[str, str]) -> tuple[int, dict[str, object]]:
        """The token endpoint."""
        if (sent.get("client_id"), sent.get("client_secret")) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        if sent["grant_type"] == "authorization_code":
            user, challenge, redirect = self.codes.pop(sent["code"], ("", "", ""))
            seen = base64.urlsafe_b64encode(hashlib.sha256(sent["code_verifier"].encode()).digest()).decode().rstrip("=")
            if not user or seen != challenge or redirect != sent["redirect_uri"]:
                return 400, {"error": "invalid_grant"}
        else:
            user = self.refresh.pop(sent["refresh_token"], "")
            if not user:
                return 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
        access, refresh = self._new("a"), self._new("r")
        self.access[access], self.refresh[refresh] = user, user
        return 200, {"access_token": access, "refresh_token": refresh, "expires_in": 3600, "token_type": "Bearer"}

    def introspect(self, sent: dict[str, str]) -> tuple[int, dict[str, object]]:
        """RFC 7662, as Dovecot asks it."""
        user = self.access.get(sent.get("token", ""), "")
        return 200, {"active": bool(user), "email": user, "username": user}

    def _new(self, kind: str) -> str:
        self.given += 1
        return f"{kind}{self.given}-{'x' * 300}"

    def stop(self) -> None:
        """End it."""
        self.server.shutdown()
        self.server.server_close()
