"""How the environment of this process affects its connections: proxies and certificates, and which
of those settings is wrong if no client can be built."""

import os
import ssl
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from urllib.request import getproxies, proxy_bypass

import httpx2

NOT_AN_ADDRESS = "ANTHROPIC_BASE_URL: this is not an address that begins with http:// or https://."
# Bounded, because errors can name each other as their cause.
_DEEPEST = 20


class SettingError(Exception):
    """No client can be built. The message names the setting and what is wrong with it, never its
    value, which may hold a password."""


def causes_of(error: BaseException | None, deepest: int = _DEEPEST) -> Iterator[BaseException]:
    """An error, what caused it, and what caused that."""
    if error is None or deepest == 0:
        return
    yield error
    for member in getattr(error, "exceptions", ()):
        yield from causes_of(member, deepest - 1)
    yield from causes_of(error.__cause__ or error.__context__, deepest - 1)


def setting_error() -> SettingError | None:
    """The setting that keeps a client from being built, as far as can be determined."""
    problem = _wrong_certificates(os.environ) or _wrong_proxy()
    return SettingError(problem) if problem else None


def proxy_sentence(url: httpx2.URL) -> str:
    """A sentence that names the proxy setting for an address; empty without a proxy."""
    # As in httpx2: on macOS and Windows a proxy can be set without any variable.
    proxies = getproxies()
    scheme = next((name for name in (url.scheme, "all") if proxies.get(name)), None)
    if scheme is None or proxy_bypass(url.host):
        return ""
    return f" Requests go through the proxy of {_variable_of(scheme) or 'this system'}."


def certificate_sentence() -> str:
    """A sentence that names the setting for trusted certificates; empty without one."""
    name = next((name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name)), None)
    return f" {name} decides which certificates are accepted." if name else ""


def _wrong_certificates(environ: Mapping[str, str]) -> str | None:
    path = environ.get("SSL_CERT_FILE")
    if not path:
        return None
    if not os.path.exists(path):
        return "SSL_CERT_FILE: this file does not exist."
    if os.path.isdir(path):
        return "SSL_CERT_FILE: this is a directory, not a file."
    try:
        ssl.create_default_context(cafile=path)
    except ssl.SSLError:
        # Before OSError, of which it is a kind.
        return "SSL_CERT_FILE: the file contains no PEM certificates."
    except OSError as error:
        # Python opens the key log in the same call, and its errors look alike.
        name = "SSLKEYLOGFILE" if error.filename == environ.get("SSLKEYLOGFILE") else None
        return f"{name or 'SSL_CERT_FILE'}: the file cannot be opened."
    return None


def _wrong_proxy() -> str | None:
    proxies = getproxies()
    for scheme in ("http", "https", "all"):
        address = proxies.get(scheme)
        if not address:
            continue
        name = _variable_of(scheme) or f"The proxy of this system for {scheme}"
        try:
            # httpx2 completes an address without a scheme in the same way.
            proxy = httpx2.Proxy(address if "://" in address else f"http://{address}")
        except httpx2.InvalidURL:
            return f"{name}: this is not the address of a proxy."
        except ValueError:
            return f"{name}: the address must begin with http://, https:// or socks5://."
        if proxy.url.scheme.startswith("socks") and find_spec("socksio") is None:
            return f"{name}: a SOCKS proxy needs the package socksio, which is not installed."
    return None


def _variable_of(scheme: str) -> str | None:
    """The name of the variable that sets the proxy of a scheme; lower case wins."""
    names = (f"{scheme}_proxy", f"{scheme.upper()}_PROXY")
    return next((name for name in names if os.environ.get(name)), None)
