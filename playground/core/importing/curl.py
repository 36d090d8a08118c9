"""A curl command as a call; nothing in it is ever run, and no file is opened."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Final, Literal

from playground.core.importing.import_result import Call, ImportingError, LeftOut, short
from playground.core.importing.messages_body import KEYS
from playground.core.importing.powershell_command import powershell_command
from playground.core.importing.shell_words import Command, Word, command
from playground.core.importing.strict_json import read_object
from playground.core.importing.unreadable import kind_sentence
from playground.core.importing.windows_command import windows_words
from playground.core.text.json_text import Json

VALUED_SHORT: Final = "EKCbcdDFPHmoUQreXYytzTuAwx"
PLAIN_SHORT: Final = "0123456aBfgGhIijJklLMnNOpqRsSvVZ#:"
_VALUED: Final = """
abstract-unix-socket alt-svc aws-sigv4 cacert capath cert cert-type ciphers config connect-timeout
connect-to continue-at cookie cookie-jar create-file-mode crlfile curves data data-ascii
data-binary data-raw data-urlencode delegation dns-interface dns-ipv4-addr dns-ipv6-addr
dns-servers doh-url dump-header egd-file engine etag-compare etag-save expect100-timeout form
form-string happy-eyeballs-timeout-ms haproxy-clientip header hostpubmd5 hostpubsha256 hsts
interface ip-tos json keepalive-cnt keepalive-time key key-type libcurl limit-rate local-port
login-options max-filesize max-redirs max-time netrc-file noproxy oauth2-bearer output output-dir
parallel-max pass pinnedpubkey preproxy proto proto-default proto-redir proxy proxy-cacert
proxy-capath proxy-cert proxy-cert-type proxy-ciphers proxy-crlfile proxy-header proxy-key
proxy-key-type proxy-pass proxy-pinnedpubkey proxy-service-name proxy-tls13-ciphers proxy-user
proxy1.0 pubkey quote random-file range rate referer request request-target resolve retry
retry-delay retry-max-time service-name socks4 socks4a socks5 socks5-gssapi-service
socks5-hostname speed-limit speed-time stderr tls-max tls13-ciphers tlsauthtype tlspassword
tlsuser trace trace-ascii trace-config unix-socket upload-file url url-query user user-agent
variable vlan-priority write-out
"""
_PLAIN: Final = """
anyauth basic ca-native cert-status compressed create-dirs digest disable fail fail-early
fail-with-body false-start get globoff head http0.9 http1.0 http1.1 http2 http2-prior-knowledge
http3 http3-only include insecure ipv4 ipv6 junk-session-cookies list-only location
location-trusted negotiate netrc netrc-optional next no-buffer no-clobber no-keepalive
no-progress-meter no-sessionid ntlm parallel parallel-immediate path-as-is post301 post302 post303
progress-bar proxytunnel raw remote-header-name remote-name remote-name-all remote-time
retry-all-errors retry-connrefused show-error show-headers silent ssl ssl-reqd sslv2 sslv3
styled-output tcp-fastopen tcp-nodelay tls-earlydata tlsv1 tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3
tr-encoding trace-ids trace-time verbose
"""
VALUED: Final = frozenset(_VALUED.split())
PLAIN: Final = frozenset(_PLAIN.split())
"""curl's options with a value and those without (https://curl.se/docs/manpage.html)."""

MAX_SOURCE: Final = 200_000
_LOOKED_AT: Final = 2_000
_DATA: Final = ("-d", "--data", "--json", "--data-raw", "--data-binary", "--data-ascii")
_ELSEWHERE: Final = (
    *("--data-urlencode", "-F", "--form", "--form-string", "-T", "--upload-file"),
    *("-K", "--config", "-G", "--get", "-I", "--head"),
)
_ADDED: Final = frozenset(
    (
        *("-u", "--user", "-b", "--cookie", "-e", "--referer", "-r", "--range", "--url-query"),
        *("--oauth2-bearer", "--aws-sigv4", "--next", "-:", "--proxy-header", "--request-target"),
    )
)
"""They change what is sent, other than its body and headers."""
_PROMPT: Final = (
    r"(?:[\w.-]+@[\w.-]+[^\n;&|$%\#]{0,80})?[$>%\#][ ]+|(?:PS[ ])?[A-Za-z]:\\[^>\n;&|]{0,260}>[ ]*"
    r"|!(?=curl)"
)
"""A command line's prompt, or what begins one in a notebook."""
_START: Final = re.compile(
    rf"""(?mx)(?:^|[;&|({{]|\$\(|`)[ \t]*(?:{_PROMPT})?
    (?:(?:time|sudo|command|exec|then|do|else|!|env|nohup|timeout[ \t]+\w+|\$\w+[ \t]*=
        |[A-Za-z_]\w*=(?:'[^'\n]*'|"[^"\n]*"|[^\s'"();&|]*))[ \t]+)*
    (?P<program>(?:[~.\w-]*/(?:[\w.-]+/)*)?curl(?:\.exe)?)(?=\s)"""
)
_SIGNS: Final = re.compile(
    r"""(?P<caret>\^(?:"|[ \t]*\r?\n)|"[ \t]*[\[{][\[{ \t]*"")
    | (?P<ansi>\$'(?:[^'\\]|\\.)*+') | '(?P<single>[^']*+)'? | "(?P<double>(?:[^"\\]|\\.)*+)"? | \\.
    | (?P<powershell>`[ \t]*\r?\n|(?<=\s)@['"][ \t]*\r?\n|\$env:)
    | (?P<cmdlet>(?<=\s)-(?i:uri|method|headers|body|contenttype|infile|usebasicparsing)(?=[\s:]))
    | (?P<end>[;|\n]|(?<!\^)&)""",
    re.VERBOSE | re.DOTALL,
)
"""What stands outside a shell's quotes, or opens a quoted text, and only another command line
has there."""
_OF_WINDOWS: Final = re.compile(r"[ \t]*(?P<powershell>PS )?[A-Za-z]:\\[^>\n]*>")
_OTHER: Final = re.compile(
    rf"""(?mx)^[ \t]*(?:{_PROMPT})?(?:\$\w+[ \t]*=[ \t]*)?
    curl(?:\.exe)?(?=[ \t]+(?:[-'"^$]|https?:))"""
)
_ENVIRONMENT: Final = re.compile(r"(?<!\\)\$env:[A-Za-z_]")
_ASSIGNED: Final = re.compile(r"^[ \t]*\$(?P<name>\w+)[ \t]*=", re.MULTILINE)


def holds_curl_call(text: str) -> bool:
    # Of what is too long anyway, the beginning tells what it is.
    begin = text if len(text) <= MAX_SOURCE else text[:_LOOKED_AT]
    return _START.search(begin) is not None


def read_curl(text: str) -> Call:
    """The call of the first curl command in a text. Raises `ImportingError`."""
    if len(text) > MAX_SOURCE:
        raise ImportingError(f"Commands longer than {MAX_SOURCE:,} characters are not read.")
    start = _START.search(text)
    if start is None:
        raise ImportingError("There is no curl command in it.")
    before, after = text[: start.start("program")], text[start.end() :]
    call = _call(_command(text, before, after, start["program"]))
    # Inside JSON no text has a line of its own, so these are commands.
    others = len(_OTHER.findall(after))
    if others:
        line = LeftOut("Other commands", f"It has {others + 1}; the first is taken.")
        call = replace(call, left_out=(*call.left_out, line))
    return call


def _command(text: str, before: str, after: str, program: str) -> Command:
    match _read_by(before, after, program):
        case "cmd":
            return Command(windows_words(after))
        case "powershell":
            return powershell_command(before, after)
        case "cmdlet":
            raise ImportingError(kind_sentence("PowerShell's Invoke-WebRequest"))
    # What is piped into it stands before it, on the same line.
    line = text[text.rfind("\n", 0, len(before)) + 1 :]
    line = re.sub(rf"(?x)\A[ \t]*(?:{_PROMPT})", "", line)
    try:
        parsed = command(line, "curl")
    except ImportingError:
        # What stands before it may be prose.
        parsed = command(program + after, "curl")
    if parsed is None:
        raise ImportingError("There is no curl command in it.")
    return parsed


def _read_by(
    before: str, after: str, program: str
) -> Literal["shell", "cmd", "powershell", "cmdlet"]:
    """Which command line a command was written for, by what no other takes so."""
    signs = list(takewhile(lambda sign: sign.lastgroup != "end", _SIGNS.finditer(after)))
    kinds = [sign.lastgroup for sign in signs]
    if "cmdlet" in kinds:
        return "cmdlet"
    if prompt := _OF_WINDOWS.match(before, before.rfind("\n") + 1):
        return "powershell" if prompt["powershell"] else "cmd"
    if "caret" in kinds and "powershell" not in kinds[: kinds.index("caret")]:
        return "cmd"
    if "powershell" in kinds:
        return "powershell"
    if any(map(_is_of_shell, signs)):
        return "shell"
    # Of Windows' command lines only PowerShell has single quotes, and only Windows an .exe.
    is_powershell = program == "curl.exe" and "single" in kinds
    is_powershell |= _is_assigned(before, after)
    is_powershell |= any(_is_of_powershell(sign["double"] or "") for sign in signs)
    return "powershell" if is_powershell else "shell"


def _is_of_shell(sign: re.Match[str]) -> bool:
    # `$'…'`, a line that goes on, `'\\''` between quotes, and a quotation mark within its own.
    return (
        sign.lastgroup == "ansi"
        or sign[0] in ("\\\n", "\\\r", "\\'")
        or '\\"' in (sign["double"] or "")
    )


def _is_assigned(before: str, after: str) -> bool:
    """Whether the command's result or one of its words is a variable as PowerShell sets them."""
    line = before[before.rfind("\n") + 1 :]
    names = [assigned["name"] for assigned in _ASSIGNED.finditer(before)]
    return _ASSIGNED.match(line) is not None or any(
        re.search(rf"\${name}\b", after, re.IGNORECASE) for name in names
    )


def _is_of_powershell(double: str) -> bool:
    # A shell closes what a backtick opens: in PowerShell it keeps a quotation mark.
    is_open = double.endswith("`") and double.count("`") % 2 == 1
    return is_open or _ENVIRONMENT.search(double) is not None


def _call(parsed: Command) -> Call:
    data: list[tuple[str, Word]] = []
    headers: dict[str, str] = {}
    left_out: list[LeftOut] = []
    urls: list[str] = []
    heredoc = parsed.heredoc
    for name, word in _options(parsed.words, left_out):
        if name in _DATA:
            data.append((name, word))
        elif name in ("-H", "--header"):
            _header(word, headers, left_out)
        elif name == "<<<":
            heredoc = word
        elif name in ("", "--url"):
            urls.append(word.text)
        elif name in ("-X", "--request") and word.text.upper() != "POST":
            raise ImportingError(f"It sends a {short(word.text)}, which is not a Messages call.")
        elif name in _ELSEWHERE:
            raise ImportingError(f"With {name} its body is not the JSON of a request.")
        elif name in _ADDED:
            left_out.append(LeftOut(name, "It is not sent from here."))
    if len(urls) > 1:
        left_out.append(LeftOut("Other URLs", f"It has {len(urls)}; the first is taken."))
    body = _body(data, heredoc, left_out)
    return Call(body, headers, urls[0] if urls else "", tuple(left_out))


def _header(word: Word, headers: dict[str, str], left_out: list[LeftOut]) -> None:
    name, colon, content = word.text.partition(":")
    if name.startswith("@") or not colon:
        left_out.append(LeftOut(f"Header {short(name)}", "It is not a name and a value."))
    elif word.filled and name.strip().lower() not in KEYS:
        left_out.append(LeftOut(f"Header {short(name)}", "A shell would put a value there."))
    else:
        headers[name.strip()] = content.strip()


def _options(words: Sequence[Word], left_out: list[LeftOut]) -> Iterator[tuple[str, Word]]:
    """Each option by its name with its value, an empty word for none; a URL has no name."""
    remaining = iter(words)
    is_literal = False
    for word in remaining:
        text = word.text
        if word.is_operator:
            yield text, next(remaining, Word(""))
        elif is_literal or not text.startswith("-") or text == "-":
            yield "", word
        elif text == "--":
            is_literal = True
        elif text.startswith("--"):
            yield from _long(word, remaining, left_out)
        else:
            yield from _short(word, remaining, left_out)


def _long(
    word: Word, remaining: Iterator[Word], left_out: list[LeftOut]
) -> Iterator[tuple[str, Word]]:
    name, equals, value = word.text.partition("=")
    if name[2:] in VALUED:
        # curl itself knows no --name=value; people write it all the same.
        yield name, Word(value, word.filled) if equals else next(remaining, Word(""))
    elif name[2:] in PLAIN or name.removeprefix("--no-") in PLAIN:
        yield name, Word("")
    else:
        left_out.append(LeftOut(short(name), "This option of curl is not known here."))


def _short(
    word: Word, remaining: Iterator[Word], left_out: list[LeftOut]
) -> Iterator[tuple[str, Word]]:
    # Short options may share a dash; the rest after one that takes a value is its value.
    for at, letter in enumerate(word.text[1:], 2):
        if letter in VALUED_SHORT:
            rest = word.text[at:]
            yield f"-{letter}", Word(rest, word.filled) if rest else next(remaining, Word(""))
            return
        if letter in PLAIN_SHORT:
            yield f"-{letter}", Word("")
        else:
            left_out.append(LeftOut(f"-{letter}", "This option of curl is not known here."))


def _body(
    data: list[tuple[str, Word]], heredoc: Word | None, left_out: list[LeftOut]
) -> dict[str, Json]:
    if not data:
        raise ImportingError("This curl command sends no data.")
    # curl puts a `&` before a further piece, but none before one of --json.
    if any(option != "--json" for option, _ in data[1:]):
        raise ImportingError("This curl command sends its data in several pieces.")
    pieces = [_piece(option, word, heredoc) for option, word in data]
    text = "".join(piece.text for piece in pieces)
    filled = [name for piece in pieces for name in piece.filled]
    if filled and not text.lstrip().startswith("{"):
        what = f"Its body is {short(text)}, which is known only when it runs"
        raise ImportingError(f"{what}. Paste the JSON itself.")
    for variable in dict.fromkeys(filled):
        left_out.append(
            LeftOut(short(variable), "A shell would put a value there; the name is kept as it is.")
        )
    return read_object(text, "The data of this curl command")


def _piece(option: str, word: Word, heredoc: Word | None) -> Word:
    """What one option sends, which for an `@` is what it reads."""
    if not word.text.startswith("@"):
        return word
    if option == "--data-raw":
        sent = short(word.text)
        raise ImportingError(f"Its body is the text {sent} itself: --data-raw reads no file.")
    if word.text != "@-" or heredoc is None:
        where = "piped into it" if word.text == "@-" else f"in {short(word.text[1:])}"
        raise ImportingError(f"Its body is {where}. Paste that instead.")
    if option in ("-d", "--data", "--data-ascii"):
        # curl leaves the ends of lines out of a file.
        return Word(re.sub(r"[\r\n]", "", heredoc.text), heredoc.filled)
    return heredoc
