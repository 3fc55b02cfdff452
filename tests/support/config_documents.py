"""Documents by the configuration's own JSON Schema, and damages of trees and of texts."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

__all__ = ["DAMAGES_OF_TEXTS", "DAMAGES_OF_TREES", "ODD_VALUES", "build_by_schema"]

_WORDS: Final = (
    *(
        "log",
        "hook",
        "retrain",
        "at",
        "amount",
        "one",
        "rows",
        "t",
        "*",
        "a.b",
        "UTC",
        "Europe/Paris",
        "name",
    ),
    *(
        "sqlite:///d.db",
        "postgresql://u@h/d",
        "https://example.com/x",
        "data/*.csv",
        "select 1",
        "psi",
        "drift",
    ),
    *(
        "${HOOK_SECRET}",
        "${WAREHOUSE_URL}",
        "${file:hook.secret}",
        "${NOT_SET:-x}",
        "0 6 * * *",
        "127.0.0.1:0",
    ),
)
_MOMENTS: Final = ("2024-01-01", "2024-02-01", "2024-01-01T00:00:00Z", "2013-01-01", "2013-02-01")
_DURATIONS: Final = ("1d", "1h", "30m", "90s", "2w", "7d", "36h")

ODD_VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 10**400, 0.0, -0.0, 1e-320, 1e308, 0.1 + 0.2),
    *(
        float("inf"),
        float("-inf"),
        float("nan"),
        "",
        " ",
        "\t",
        "~",
        "null",
        "no",
        "yes",
        "on",
        "017",
        "0x1f",
    ),
    *("12:30:45", "1_000", "1e3", ".5", "1d1h", "-1d", "0d", "99999999999999d", "1.5d", "1d ", "٣d", "1D"),
    *("2013-02-30", "0000-01-01", "9999-12-31", "2013-1-1", "2013-01-01T25:00", "2013-01-01T00:00:00+99:00"),
    *(
        "0 6 * * *",
        "* * * * * *",
        "60 * * * *",
        "0 0 30 2 *",
        "0 0 L * *",
        "@daily",
        "*/0 * * * *",
        "0-99 * * * *",
    ),
    *(
        "Mars/Olympus",
        "../../etc/passwd",
        "localtime",
        "Europe/Paris\0",
        "europe/paris",
        "/usr/share/zoneinfo/UTC",
    ),
    *(
        "${",
        "${}",
        "${HOOK_SECRET}",
        "${file:}",
        "${file:hook.secret}",
        "${file:/dev/zero}",
        "${file:/proc/self/mem}",
    ),
    *("${file:.}", "${A${B}}", "$${x}", "${NOT_SET}", "${HOOK_SECRET}${HOOK_SECRET}", "x${WAREHOUSE_URL}y"),
    *("${SLACK_WEBHOOK_URL}", "${RETRAIN_SECRET:-}", "${file:hook.secret\0}", "${file:" + "a" * 5000 + "}"),
    *(
        "https://",
        "http://[::1",
        "https://u:p@h:99999/x",
        "sqlite://",
        "postgresql://",
        "mysql://h:-1/d",
        "ftp://x",
    ),
    *("https://\u0430pple.com", "https://h/\r\nX: y", "file:///etc/passwd", "postgresql://h/d?sslmode=\0"),
    *(
        "\u202e",
        "\u200b",
        "\ufeff",
        "e\u0301",
        "\U0001f600",
        "\u2028",
        "\x85",
        "\x7f",
        "Å" * 200,
        "x" * 100_000,
    ),
    *([], {}, [[]], [None], {"": ""}, {"a": {"b": {"c": 1}}}, ["log"] * 300, {"kind": "log"}, {"kind": None}),
    *(
        {"from": "2024-02-01", "to": "2024-01-01"},
        {"cron": "0 6 * * *"},
        {"k": 0, "of": -1},
        {"k": 9, "of": 3},
    ),
)


def build_by_schema(schema: Mapping[str, Any], random: Random, key: str = "") -> Any:
    """Return a value that fits the JSON Schema, or nearly: what its pattern says is left to luck."""
    for either in ("anyOf", "oneOf"):
        if either in schema:
            return build_by_schema(random.choice(schema[either]), random, key)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return random.choice(schema["enum"])
    kind = schema.get("type", "string")
    if isinstance(kind, list):
        kind = random.choice(kind)
    if kind == "object":
        return _build_table(schema, random)
    if kind == "array":
        return [build_by_schema(schema["items"], random, key) for _ in range(random.choice((0, 1, 1, 2, 5)))]
    return _build_scalar(kind, schema, random, key)


def _build_table(schema: Mapping[str, Any], random: Random) -> dict[str, Any]:
    found: dict[str, Any] = {}
    likely = random.choice((0.1, 0.3, 0.9))
    for key, inner in schema.get("properties", {}).items():
        if key in schema.get("required", ()) or random.random() < likely:
            found[key] = 1 if key == "version" else build_by_schema(inner, random, key)
    more = schema.get("additionalProperties")
    if isinstance(more, Mapping):
        for name in random.sample(_WORDS, random.choice((0, 1, 2))):
            found[name] = build_by_schema(more, random, name)
    return found


def _build_scalar(kind: str, schema: Mapping[str, Any], random: Random, key: str) -> Any:
    if kind in _PLAIN:
        return random.choice(_PLAIN[kind])
    pattern = str(schema.get("pattern", ""))
    if "[0-9]{4}-" in pattern or key in {"from", "to", "trained_at"}:
        return random.choice(_MOMENTS)
    if pattern and "A-Za-z0-9" not in pattern and "wd" in pattern:
        return random.choice(_DURATIONS)
    return random.choice((*_WORDS, *_DURATIONS) if random.random() < 0.9 else _MOMENTS)


_PLAIN: Final[Mapping[str, tuple[Any, ...]]] = {
    "null": (None,),
    "boolean": (True, False),
    "integer": (1, 2, 3, 7, 96, 0, -1, 10**9),
    "number": (0.02, 0.1, 0.5, 1, 3, 0, -1, 1e9),
}


Place = tuple[Any, Any]


def _list_places(tree: Any) -> list[Place]:
    """Return every (container, key) of a tree."""
    found: list[Place] = []
    todo = [tree]
    while todo:
        one = todo.pop()
        inner = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ()
        for key, value in inner:
            found.append((one, key))
            todo.append(value)
    return found


def _at_a_place(change: Callable[[Random, Any, Any], None]) -> Callable[[Random, Any], Any]:
    def damage(random: Random, tree: Any) -> Any:
        tree = copy.deepcopy(tree)
        places = _list_places(tree)
        if places:
            change(random, *random.choice(places))
        return tree

    return damage


def _replace(random: Random, holder: Any, key: Any) -> None:
    holder[key] = copy.deepcopy(random.choice(ODD_VALUES))


def _delete(random: Random, holder: Any, key: Any) -> None:
    del holder[key]


def _wrap(random: Random, holder: Any, key: Any) -> None:
    holder[key] = random.choice(
        ([holder[key]], {"kind": holder[key]}, [[holder[key]]], {str(key): holder[key]})
    )


def _misspell(random: Random, holder: Any, key: Any) -> None:
    if not isinstance(holder, dict) or not key:
        return
    at = random.randrange(len(key))
    spelt = random.choice(
        (
            key[:at] + key[at + 1 :],
            key[:at] + key[at] + key[at:],
            key.upper(),
            f"{key} ",
            key.replace("_", "-"),
        )
    )
    holder[spelt] = holder.pop(key)


def _add_key(random: Random, holder: Any, key: Any) -> None:
    name = random.choice(
        ("", "x", "notify", "\u2028", "kind", "<<", "=", "${HOOK_SECRET}", "a" * 5000, "\x07", "1")
    )
    if isinstance(holder, dict):
        holder[name] = copy.deepcopy(random.choice(ODD_VALUES))
    else:
        holder.append(copy.deepcopy(random.choice(ODD_VALUES)))


def _repeat(random: Random, holder: Any, key: Any) -> None:
    if isinstance(holder, list):
        holder.extend(copy.deepcopy(holder[key]) for _ in range(random.choice((1, 2, 50))))
    elif isinstance(holder[key], str):
        holder[key] *= random.choice((2, 1000))


def _swap(random: Random, tree: Any) -> Any:
    tree = copy.deepcopy(tree)
    places = _list_places(tree)
    if len(places) < 2:
        return tree
    (one, first), (other, second) = random.sample(places, 2)
    # Copies: a section that came to lie inside itself would have no end.
    one[first], other[second] = copy.deepcopy(other[second]), copy.deepcopy(one[first])
    return tree


DAMAGES_OF_TREES: Final[Mapping[str, Callable[[Random, Any], Any]]] = {
    "another value": _at_a_place(_replace),
    "a missing key": _at_a_place(_delete),
    "another level": _at_a_place(_wrap),
    "a misspelt key": _at_a_place(_misspell),
    "an unknown key": _at_a_place(_add_key),
    "a value again": _at_a_place(_repeat),
    "two values swapped": _swap,
}


def _at(random: Random, content: bytes) -> int:
    return random.randrange(len(content) + 1)


def _insert(*scraps: bytes) -> Callable[[Random, bytes], bytes]:
    def damage(random: Random, content: bytes) -> bytes:
        place = _at(random, content)
        return content[:place] + random.choice(scraps) + content[place:]

    return damage


def _append(*scraps: bytes) -> Callable[[Random, bytes], bytes]:
    return lambda random, content: content + b"\n" + random.choice(scraps)


def _bomb(random: Random, content: bytes) -> bytes:
    levels = random.choice((3, 9, 60))
    lines = [b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]".encode() for n in range(1, levels)]
    return random.choice((b"", content)) + b"\n" + b"\n".join(lines)


def _alias(random: Random, content: bytes) -> bytes:
    line = random.choice(content.splitlines() or [b""])
    return content.replace(
        line, line.replace(b": ", random.choice((b": &a ", b": *a ", b": !!python/name:os.system ")))
    )


def _flip(random: Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 3, 30))):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _twice(random: Random, content: bytes) -> bytes:
    lines = content.splitlines()
    place = random.randrange(len(lines) + 1)
    return b"\n".join([*lines[:place], *lines[max(0, place - random.choice((1, 2, 9))) :]])


def _cut(random: Random, content: bytes) -> bytes:
    return content[: _at(random, content)]


def _enlarge(random: Random, content: bytes) -> bytes:
    if random.random() < 0.9:
        return content
    filler = random.choice((b"# x\n", b"- a\n", b"a", b"[", b" ", b"k: v\n", b"\n", b"- {a: [1, 2, 3]}\n"))
    return content + filler * random.choice((100_000 // len(filler), 1_100_000 // len(filler)))


DAMAGES_OF_TEXTS: Final[Mapping[str, Callable[[Random, bytes], bytes]]] = {
    "nothing": lambda _, content: content,
    "bits": _flip,
    "cut": _cut,
    "noise": lambda random, _: random.randbytes(random.randrange(2000)),
    "lines twice": _twice,
    "line ends": lambda random, content: content.replace(
        b"\n", random.choice((b"\r\n", b"\r", b"\n\r", b"\xc2\x85"))
    ),
    "a mark": lambda random, content: random.choice((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")) + content,
    "UTF-16": lambda _, content: content.decode("utf-8", "replace").encode("utf-16"),
    "tabs": lambda random, content: content.replace(random.choice((b"  ", b" ", b"    ")), b"\t"),
    "indents": lambda random, content: content.replace(b"\n  ", b"\n" + b" " * random.randrange(9)),
    "quotes": _insert(b"'", b'"', b"`", b"|", b">", b"|2-", b"\\"),
    "brackets": _insert(b"{", b"}", b"[", b"]", b"{[", b"[" * 500, b"{a: " * 500, b"- " * 500),
    "signs": _insert(
        b"#", b": ", b"?", b"? ", b"- ", b"!", b"&", b"*", b"%", b"@", b"<<: *a", b"---\n", b"...\n", b"~"
    ),
    "tags": _insert(
        b"!!str ", b"!!binary ", b"!!python/object/apply:os.system ", b"!<x> ", b"!!int ", b"!x!y "
    ),
    "scalars": _insert(
        b"12:30:45", b"017", b" no ", b" yes", b"1_0", b"0b1", b".inf", b"=", b"2013-01-01", b"9" * 400
    ),
    "letters": _insert(
        *(word.encode() for word in ("\u2028", "\ufeff", "\U0001f600", "é", "\u202e", "\x85"))
    ),
    "controls": _insert(b"\0", b"\x07", b"\x1b[31m", b"\x7f", b"\xc0\x80", b"\xed\xa0\x80", b"\xff", b"\r"),
    "variables": _insert(
        b"${", b"}", b"${HOOK_SECRET}", b"${WAREHOUSE_URL}", b"${file:hook.secret}", b"${file:/dev/zero}"
    ),
    "a bomb": _bomb,
    "anchors": _alias,
    "another document": _append(
        b"---\nversion: 1", b"...\n", b"%YAML 1.1\n---\n{}", b"--- *a", b"%TAG ! x\n---\n"
    ),
    "a key again": _append(
        b"version: 1", b"monitors: []", b"store: {}", b"? [a]\n: b", b"? {a: b}\n: c", b"1: 2"
    ),
    "size": _enlarge,
}
