"""Random scripts of the subset that generators share, to be held against each other."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

ROWS = 3
"""Different rows; users with the same one do the same."""
VALUES: tuple[dict[str, str], ...] = (
    {"s": "plain", "n": "7", "m": "0.00001", "q": 'say "hi", \\o', "z": "ü b"},
    {"s": "a b&c=d", "n": "42", "m": "12.50", "q": "it's 50% + more", "z": "x/y?k=v"},
    {"s": "é~(1)*'!", "n": "1234567", "m": "-3", "q": "{} [] ; : @ $ ,", "z": "007"},
)
COLUMNS = ("row", "who", *VALUES[0])
TEXTS = (
    "plain", "a b", "é", "a+b", "it's", "100% sure", "a&b=c", "~(1)*!", "x;y,z:@",
    'say "hi"', "back\\slash", "{{ s }}", "{{ n }}", "{{m}}", "{{ q }}", "{{ z }}", "{{ colour }}",
    "-{{ s }}-{{ n }}-", "{{ q }}{{ z }}", "{{ flag }}", "{{ ratio }}", "<b>{{ m }}</b>",
    "日本 {{ colour }}", "$5 $x", "tab\there", "{{{ s }}}{{n}}", "{{ $randomNumber(5, 5) }}x",
)  # fmt: skip
SEGMENTS = (
    "plain", "a b", "é", "%41%2Fb", "a+b", "it's", "~(1)*!", "x;y,z:@", "{{ n }}", "{{m}}", "{{ colour }}",
    "{{ s }}", "{{ m }}-", "n{{ n }}s{{ s }}", "日本", "a|b", "$5",
)  # fmt: skip
QUERIES = (
    "",
    "",
    "?a=1",
    "?a=b+c&d=%C3%A9",
    "?k={{ s }}",
    "?n={{ n }}&m={{ m }}",
    "?e=&f",
    "?q={{ z }}",
    "?a=1#part",
)
HEADER_TEXTS = (
    "plain",
    "a b",
    "it's; 1, 2",
    "{{ n }}",
    "{{m}}",
    "-{{ s }}",
    "{{ ratio }}",
    5,
    'say "x"',
    "a\\b",
    "é ÿ",
    "{{ colour }}",
    "{{ z }}",
)
SCALARS = (1, -7, 0, 1.5, 2.0, 0.00001, 1e21, 123456789012, True, False, None, "", "1", "true")
PATHS: tuple[tuple[str, Any], ...] = (
    ("$.id", 7), ("$.half", 1.5), ("$.text", "to ken"), ("$.digits", "7"), ("$.yes", True),
    ("$.list[0].id", 3), ("$.list[1].id", "x"), ("$.list[0].name", "é"), ("$['quoted']", 'a "b" & c'),
    ("$.object.a[1]", "b"), ("$.big", 12345678901234), ("$.latin", "Ünal"), ("$.list[0]", None),
    ("$.object", None), ("$.object.a", None),
)  # fmt: skip
EXPRESSIONS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"regexp": "id=(\\d+)", "group": 1}, "5"),
    ({"regexp": "token: [a-z-]+"}, "token: ab-c"),
    ({"regexp": "name = (.+);", "flags": "i", "group": 1}, "Ünal"),
    ({"regexp": "^NAME", "flags": "m"}, "NAME"),
)  # fmt: skip


class Script:
    """A script of several flows, made from a number."""

    def __init__(self, seed: int, *, flows: int = 4, wide: bool = False) -> None:
        """Make it; `wide` also takes parts that only Artillery and k6 have."""
        self._draw = random.Random(seed)  # noqa: S311 - no secret
        self._wide = wide
        self._known: list[str] = []
        self._depth = 0
        self.content: dict[str, Any] = {
            "config": {
                "http": {"timeout": 5},
                "payload": {"path": "rows.csv", "fields": list(COLUMNS), "order": "sequence"},
                "variables": {"colour": 'gr"ü n', "flag": True, "ratio": 0.5},
            },
            "scenarios": [self._flow(number) for number in range(flows)],
        }
        if self._draw.random() < 0.3:
            self.content["config"]["target"] = "http://elsewhere.example/base"

    def write(self, directory: Path, users: int) -> Path:
        """Write the script and its rows, enough for so many users."""
        with (directory / "rows.csv").open("w", newline="", encoding="utf-8") as file:
            for number in range(users):
                row = number % ROWS
                csv.writer(file).writerow([f"r{row}", f"w{number}", *VALUES[row].values()])
        path = directory / "script.yml"
        path.write_text(yaml.safe_dump(self.content, allow_unicode=True, sort_keys=False))
        return path

    def _flow(self, number: int) -> dict[str, Any]:
        self._known, self._loops, self._number = [], list[str](), number
        steps: list[Any] = []
        for _ in range(self._draw.randint(2, 6)):
            self._step(steps)
        if self._draw.random() < 0.4:
            steps.append(self._failing())
            steps.append(self._get("/status/200/never"))
        return {"name": f"flow {number}", "flow": steps, "weight": self._draw.choice((1, 1, 2))}

    def _pick(self, values: Any) -> Any:
        return self._draw.choice(values)

    def _step(self, steps: list[Any]) -> None:
        kinds: list[Callable[[list[Any]], None]] = [
            self._page, self._page, self._query, self._form, self._json, self._raw, self._cookie,
            self._capture, self._capture, self._match, self._redirect, self._loop, self._think,
            self._auth, self._expect, self._method, self._regexp, self._header_capture, self._chance,
        ]  # fmt: skip
        if self._wide:
            kinds += [self._if_true, self._if_true, self._own_cookie]
        self._pick(kinds)(steps)

    # --- values ---

    def _text(self) -> str:
        own = [f"{{{{ {name} }}}}" for name in (*self._known, *self._loops)]
        return self._pick([*TEXTS, *own, *[f"<{one}>" for one in own]])

    def _url(self) -> str:
        own = [f"{{{{ {name} }}}}" for name in (*self._known, *self._loops)]
        parts = [self._pick([*SEGMENTS, *own]) for _ in range(self._draw.randint(1, 2))]
        return "/" + "/".join(parts)

    def _request(self, url: str, **more: Any) -> dict[str, Any]:
        headers = {"x-flow": f"f{self._number}", "x-row": "{{ row }}", "X-Who": "{{ who }}"}
        if self._draw.random() < 0.3:
            headers["X-T-One"] = self._header()
        if self._draw.random() < 0.1:
            more["gzip"] = self._pick((True, False))
        return {"url": url, "headers": headers, **more}

    def _header(self) -> Any:
        own = [f"{{{{ {name} }}}}" for name in (*self._known, *self._loops)]
        return self._pick([*HEADER_TEXTS, *own, *(f"é {one};" for one in own)])

    def _get(self, url: str, **more: Any) -> dict[str, Any]:
        return {"get": self._request(url, **more)}

    # --- steps ---

    def _page(self, steps: list[Any]) -> None:
        named = (
            {"name": f"page {self._pick(('a', 'b {{ n }}'))}"} if self._draw.random() < 0.3 else {}
        )
        target = "{{ target }}" if self._draw.random() < 0.15 else ""
        steps.append(self._get(f"{target}{self._url()}{self._pick(QUERIES)}", **named))

    def _query(self, steps: list[Any]) -> None:
        query: dict[str, Any] = {}
        for name in self._draw.sample(("a", "b c", "é", "d[]", "e"), self._draw.randint(1, 3)):
            listed = [self._text(), self._pick(SCALARS)] if name != "d[]" else "x"
            query[name] = self._pick((self._text(), self._pick(SCALARS), listed))
        steps.append(self._get(self._url(), qs=query))

    def _form(self, steps: list[Any]) -> None:
        names = self._draw.sample(("a", "b c", "é", "d[]"), self._draw.randint(1, 3))
        scalars = [one for one in SCALARS if one is not None]
        form = {name: self._pick((self._text(), self._pick(scalars))) for name in names}
        steps.append({self._pick(("post", "put")): self._request("/form", form=form)})

    def _value(self, depth: int = 0) -> Any:
        kind = self._draw.random()
        if depth < 2 and kind < 0.15:
            return [self._value(depth + 1) for _ in range(self._draw.randint(0, 3))]
        if depth < 2 and kind < 0.3:
            return {
                name: self._value(depth + 1)
                for name in ("k", "a b", "é")[: self._draw.randint(0, 3)]
            }
        return self._text() if kind < 0.7 else self._pick(SCALARS)

    def _json(self, steps: list[Any]) -> None:
        body = {name: self._value() for name in self._draw.sample(("a", "b-c", "d e", "é"), 2)}
        steps.append({self._pick(("post", "put", "patch")): self._request("/json", json=body)})

    def _raw(self, steps: list[Any]) -> None:
        body = f"{self._text()}\n{self._text()}"
        request = self._request("/raw", body=body)
        if self._draw.random() < 0.7:
            request["headers"]["content-type"] = "text/plain"
        steps.append({"post": request})

    def _cookie(self, steps: list[Any]) -> None:
        name = self._pick(("sid", "theme"))
        steps.append(self._get(f"/cookie/{name}/{self._pick(('one', 'two'))}"))
        steps.append(self._get("/after"))

    def _capture(self, steps: list[Any]) -> None:
        path, _ = self._pick(PATHS)
        name = self._pick(("found", "other", "x_1"))
        more = {"strict": False} if self._draw.random() < 0.2 else {}
        steps.append(self._get("/ok", capture={"json": path, "as": name, **more}))
        self._know(name)
        self._page(steps)

    def _know(self, name: str) -> None:
        if name not in self._known:
            self._known.append(name)

    def _header_capture(self, steps: list[Any]) -> None:
        steps.append(
            self._get(
                "/ok", capture=[{"header": self._pick(("x-token", "x-number")), "as": "head"}]
            )
        )
        self._know("head")

    def _regexp(self, steps: list[Any]) -> None:
        where, value = self._pick(EXPRESSIONS)
        if self._draw.random() < 0.5:
            steps.append(self._get("/plain", match={**where, "value": value}))
        else:
            steps.append(self._get("/plain", capture={**where, "as": "part"}))
            self._know("part")

    def _match(self, steps: list[Any]) -> None:
        path, value = self._pick([one for one in PATHS if one[1] is not None])
        right = value
        if self._draw.random() < 0.25:
            # Equal only to the eye, or not at all.
            right = self._pick((str(value), 7, "7", True, "true", "else"))
        if path == "$.id" and self._draw.random() < 0.5:
            right = "{{ n }}"
        steps.append(self._get("/ok", match={"json": path, "value": right}))

    def _redirect(self, steps: list[Any]) -> None:
        method, status = (
            self._pick(("get", "post", "head", "put")),
            self._pick((301, 302, 303, 307, 308)),
        )
        more: dict[str, Any] = {}
        if method in ("post", "put"):
            more["json"] = {"a": self._text()}
        if self._draw.random() < 0.3:
            more["followRedirect"] = False
        elif method != "head" and self._draw.random() < 0.5:
            more["capture"] = {"json": "$.text", "as": "behind"}
            self._know("behind")
        chain = self._pick(("/ok", "/to/302/ok", "/to/307/ok", "/ok?x=1"))
        steps.append({method: self._request(f"/to/{status}{chain}", **more)})

    def _loop(self, steps: list[Any]) -> None:
        if self._depth > 1:
            return
        around = self._loops
        self._depth += 1
        inner: list[Any] = []
        loop: dict[str, Any] = {"loop": inner}
        kind = self._draw.random()
        names = {"loopValue": "i"} if self._draw.random() < 0.3 else {}
        if kind < 0.4:
            loop["count"] = self._pick((1, 2, "3", "2-4"))
            self._loops = [*around, names.get("loopValue", "$loopCount")]
        else:
            loop["over"] = [
                self._pick(("x y", 2, True, "é", 1.5)) for _ in range(self._draw.randint(1, 3))
            ]
            self._loops = [*around, "$loopElement", names.get("loopValue", "$loopCount")]
        for _ in range(self._draw.randint(1, 2)):
            self._step(inner)
        inner.append(self._get(self._url()))
        steps.append({**loop, **names})
        self._loops = around
        self._depth -= 1

    def _think(self, steps: list[Any]) -> None:
        steps.append({"think": self._pick(("10ms", "0.02s", "{{ $randomNumber(0, 0) }}"))})

    def _auth(self, steps: list[Any]) -> None:
        user = self._pick(("me", "mé", "{{ s }}", "a b"))
        steps.append(
            self._get("/ok", auth={"user": user, "pass": self._pick(("s3cret", "p:w", "é €"))})
        )

    def _expect(self, steps: list[Any]) -> None:
        status = self._pick((200, 201, 404, 503))
        expected = self._pick((status, [status, 418]))
        steps.append(self._get(f"/status/{status}/x", expect={"statusCode": expected}))

    def _method(self, steps: list[Any]) -> None:
        steps.append({self._pick(("head", "options", "delete")): self._request(self._url())})

    def _chance(self, steps: list[Any]) -> None:
        steps.append(self._get("/never", probability=0))

    def _if_true(self, steps: list[Any]) -> None:
        condition = self._pick(
            ("n > 10", "n == 7", 's == "plain"', "not flag", "ratio < 1 and n", "n in (7, 42)")
        )
        steps.append(self._get(self._url(), ifTrue=condition))

    def _own_cookie(self, steps: list[Any]) -> None:
        steps.append(self._get("/after", cookie={"own": self._pick(("one", "{{ n }}"))}))

    def _failing(self) -> dict[str, Any]:
        return self._pick((
            self._get("/status/503/x"), self._get("/status/404/x"),
            self._get("/ok", expect={"statusCode": 201}),
            self._get("/ok", match={"json": "$.id", "value": 8}), self._get("/around/302/x"),
            self._get("/ok", capture={"json": "$.nobody", "as": "never"}),
            self._get(f"/status/{self._pick((404, 304))}/x"),
            self._get("/plain", match={"regexp": "nothing", "value": "x"}),
        ))  # fmt: skip
