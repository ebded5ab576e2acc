"""Takes out of a text what names a person or a machine: folders, the user, the host."""

import getpass
import json
import platform
import re
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

_NO_PERSON = {"root", "user", "admin", "administrator", "localhost", "home", "default", "public", "shared"}
"""Names that systems give; they are words of ordinary sentences too."""
_HOMES = re.compile(r"(?:/home/|/Users/|[A-Za-z]:[\\/]{1,2}Users[\\/]{1,2})([^\s/\\\"'<>|:]+)")
_CREDENTIALS = re.compile(r"://[^/\s@]+@")
# a path that nobody named: two parts at least, so that `and/or` stays; what stands behind a placeholder is kept
_UNKNOWN = re.compile(
    r"(?<![\w/\\.>~-])(?:/[^\s/\"'<>|:,;()]+(?:/[^\s/\"'<>|:,;()]+)+/?"
    r"|(?:[A-Za-z]:|\\\\)[\\/][^\s\"'<>|:,;()]+"
    r"|~[\w.-]*[\\/][^\s\"'<>|:,;()]+)"
)


def known_places(named: Mapping[str, Path | str]) -> dict[str, str]:
    """Give the folders of this program and person, and those that are named, with what stands for each.

    Args:
        named: placeholder to place; a place that is empty is left out.
    """
    program = Path(__file__).resolve().parent
    places: dict[str, Path | str] = {
        **named,
        "<program>": program.parent,
        "<python>": sys.prefix,
        "<base python>": sys.base_prefix,
        "<library>": sysconfig.get_path("stdlib"),
        "<temporary>": tempfile.gettempdir(),
        "<home>": _home(),
        "<folder>": _folder(),
    }
    found: dict[str, str] = {}
    for placeholder, place in places.items():
        for form in _forms(place):
            found.setdefault(form, placeholder)
    return found


def hidden(text: str, places: Mapping[str, str], names: Iterable[str] = ()) -> str:
    """Put placeholders for places, for user and host names, and for every other absolute path.

    Args:
        text: what is to be given to somebody else.
        places: see `known_places`.
        names: more names, of hosts for example.
    """
    persons = {*_HOMES.findall(text)}
    for form in sorted(places, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", places[form], text, flags=_case())
    text = _CREDENTIALS.sub("://<user>@", text)
    text = _UNKNOWN.sub("<path>", text)
    for placeholder, found in (("<user>", {*_users(), *persons}), ("<host>", {*_hosts(), *names})):
        for name in sorted(_telling(found), key=len, reverse=True):
            text = re.sub(rf"(?<![A-Za-z0-9<]){re.escape(name)}(?![A-Za-z0-9>])", placeholder, text, flags=re.IGNORECASE)
    return text


def _telling(names: Iterable[str]) -> set[str]:
    whole = {name.strip() for name in names}
    return {name for name in whole | {name.split(".")[0] for name in whole} if len(name) > 1 and name.lower() not in _NO_PERSON}


def _forms(place: Path | str) -> list[str]:
    """Give the ways in which a place may be written; none for one that is too short to tell."""
    text = str(place)
    if not text.strip():
        return []
    path = Path(text)
    ways = {text, str(path), str(path.absolute()), _resolved(path)}
    ways |= {way.replace("\\", "/") for way in ways}
    ways |= {json.dumps(way)[1:-1] for way in ways} | {quote(way) for way in ways}
    # a bare word may stand in any sentence
    return [way.rstrip("/\\") for way in ways if re.search(r"[/\\]", way) and len(way.strip("/\\.:")) > 1]


def _resolved(path: Path) -> str:
    try:
        return str(path.resolve())
    except (OSError, RuntimeError, ValueError):  # a loop of links, a null character
        return str(path)


def _case() -> re.RegexFlag:
    return re.IGNORECASE if sys.platform in ("win32", "darwin") else re.NOFLAG


def _home() -> Path | str:
    try:
        return Path.home()
    except RuntimeError:  # nobody's process
        return ""


def _folder() -> Path | str:
    try:
        return Path.cwd()
    except OSError:  # it was removed
        return ""


def _users() -> set[str]:
    home = str(_home())
    names = {Path(home).name} if home else set()
    try:
        names.add(getpass.getuser())
    except (KeyError, OSError, ImportError):  # no name is known
        return names
    return names


def _hosts() -> set[str]:
    return {platform.node()}
