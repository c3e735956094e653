"""MSAL Python on a cache file that others share. Reads one job from standard input, as JSON,
and prints what came of it. Every request goes to the test's own server (bridge)."""
import json
import os
import sys
from urllib.parse import urlsplit

import msal
import requests


class Bridge:
    """The HTTP layer: the host that is meant stands in the Host header."""

    def __init__(self, base):
        self._base, self._session = base, requests.Session()
        self._session.trust_env = False  # no proxy

    def _send(self, method, url, headers=None, **kwargs):
        kwargs.pop("timeout", None)
        meant = urlsplit(url)
        headers = dict(headers or {}, Host=meant.netloc)
        address = self._base + meant.path + ("?" + meant.query if meant.query else "")
        return self._session.request(method, address, headers=headers, timeout=60, **kwargs)

    def get(self, url, **kwargs):
        return self._send("GET", url, **kwargs)

    def post(self, url, **kwargs):
        return self._send("POST", url, **kwargs)

    def close(self):
        self._session.close()


def load(path):
    """The recipe of MSAL Python's documentation: the file as a whole, without a lock."""
    cache = msal.SerializableTokenCache()
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            cache.deserialize(file.read())
    return cache


def save(cache, path):
    if cache.has_state_changed:
        with open(path, "w", encoding="utf-8") as file:
            file.write(cache.serialize())


def persisted(path):
    """The recipe of its extensions: the file under a lock, at each change."""
    from msal_extensions import FilePersistence, PersistedTokenCache
    return PersistedTokenCache(FilePersistence(path))


def client(job, cache):
    return msal.ConfidentialClientApplication(
        job["client_id"], authority=job["authority"], client_credential=job["secret"],
        token_cache=cache, http_client=Bridge(job["bridge"]))


def carry_out(app, job, step):
    do, scopes = step["do"], step.get("scopes")
    if do == "app":
        return app.acquire_token_silent(scopes, account=None) or app.acquire_token_for_client(scopes)
    if do == "sign in":
        return app.acquire_token_by_authorization_code(
            step["code"], scopes, redirect_uri=job["redirect_uri"], data={"code_verifier": step["verifier"]})
    account = app.get_accounts()[0]
    return app.acquire_token_silent_with_error(scopes, account)


def main():
    job = json.load(sys.stdin)
    locked = job.get("locked", False)
    cache = persisted(job["cache"]) if locked else load(job["cache"])
    app = client(job, cache)
    tokens = []
    for step in job["steps"]:
        try:
            result = carry_out(app, job, step) or {"error": "found nothing"}
        except requests.exceptions.HTTPError as error:
            result = {"error": str(error)}
        if "access_token" not in result:
            print("%s: %s %s" % (step["do"], result.get("error"), result.get("error_description", "")), file=sys.stderr)
        tokens.append(result.get("access_token", ""))
    accounts = [account["home_account_id"] for account in app.get_accounts()]
    if not locked:
        save(cache, job["cache"])
    print(json.dumps({"version": msal.__version__, "tokens": tokens, "accounts": accounts}))


main()
