"""The elements of a JMeter test plan (`.jmx`), each followed by its children."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from xml.etree import ElementTree as ET

Property = str | int | bool | ET.Element


class Node:
    """An element, and those below it."""

    def __init__(
        self, kind: str, gui: str, name: str, properties: Mapping[str, Property] | None = None
    ) -> None:
        """Make an element of the class `kind`, which JMeter's window shows with the class `gui`."""
        self.element = ET.Element(kind, guiclass=gui, testclass=kind, testname=name, enabled="true")
        self.children: list[Node] = []
        self.but(properties or {})

    def but(self, properties: Mapping[str, Property]) -> Node:
        """Add properties to this one, and return it."""
        for key, value in properties.items():
            self.element.append(_property(key, value))
        return self

    def add(self, *children: Node) -> Node:
        """Put elements below this one, and return it."""
        self.children += children
        return self

    def tree(self) -> Iterable[ET.Element]:
        """Return the element and its tree, as siblings: this is the form of `.jmx`."""
        below = ET.Element("hashTree")
        for child in self.children:
            below.extend(child.tree())
        return self.element, below


def document(plan: Node) -> str:
    """Return a test plan as the content of a `.jmx` file."""
    root = ET.Element("jmeterTestPlan", version="1.2", properties="5.0", jmeter="5.6.3")
    ET.SubElement(root, "hashTree").extend(plan.tree())
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _property(name: str, value: Property) -> ET.Element:
    match value:
        case ET.Element():
            value.set("name", name)
            return value
        case bool():
            return _leaf("boolProp", name, str(value).lower())
        case int():
            return _leaf("intProp", name, str(value))
        case str():
            return _leaf("stringProp", name, value)


def _leaf(tag: str, name: str, text: str) -> ET.Element:
    leaf = ET.Element(tag, name=name)
    leaf.text = text
    return leaf


def strings(values: Sequence[str]) -> ET.Element:
    """Return a collection of texts."""
    made = ET.Element("collectionProp")
    for number, value in enumerate(values):
        made.append(_leaf("stringProp", str(number), value))
    return made


def nested(kind: str, properties: Mapping[str, Property]) -> ET.Element:
    """Return an element that is a property of another one."""
    made = ET.Element("elementProp", elementType=kind)
    for key, value in properties.items():
        made.append(_property(key, value))
    return made


def collection(items: Iterable[ET.Element]) -> ET.Element:
    """Return a collection of elements."""
    made = ET.Element("collectionProp")
    for number, item in enumerate(items):
        item.set("name", item.get("name", str(number)))
        made.append(item)
    return made


def test_plan() -> Node:
    """Return the outermost element."""
    return Node(
        "TestPlan",
        "TestPlanGui",
        "haproof",
        {
            "TestPlan.serialize_threadgroups": False,
            "TestPlan.functional_mode": False,
            "TestPlan.user_defined_variables": _arguments([]),
        },
    )


def open_model(name: str, schedule: str) -> Node:
    """Return the thread group that starts a visitor at each moment of a schedule."""
    controller = nested("OpenModelThreadGroupController", {})
    return Node(
        "OpenModelThreadGroup",
        "OpenModelThreadGroupGui",
        name,
        {
            # Whoever does not get the expected answer leaves.
            "ThreadGroup.on_sample_error": "stopthread",
            "ThreadGroup.main_controller": controller,
            "OpenModelThreadGroup.schedule": schedule,
            "OpenModelThreadGroup.random_seed": "1",
        },
    )


def before_everybody() -> Node:
    """Return the thread group of which one visitor does everything before others arrive."""
    loop = nested(
        "LoopController", {"LoopController.continue_forever": False, "LoopController.loops": 1}
    )
    return Node(
        "SetupThreadGroup",
        "SetupThreadGroupGui",
        "warm-up",
        {
            "ThreadGroup.on_sample_error": "stopthread",
            "ThreadGroup.main_controller": loop,
            "ThreadGroup.num_threads": "1",
            "ThreadGroup.ramp_time": "0",
        },
    )


def http_defaults(protocol: str, host: str, port: int, timeout_ms: int) -> Node:
    """Return what all requests have in common."""
    return Node(
        "ConfigTestElement",
        "HttpDefaultsGui",
        "defaults",
        {
            "HTTPSampler.protocol": protocol,
            "HTTPSampler.domain": host,
            "HTTPSampler.port": str(port),
            "HTTPSampler.contentEncoding": "UTF-8",
            "HTTPSampler.connect_timeout": str(timeout_ms),
            "HTTPSampler.response_timeout": str(timeout_ms),
            "HTTPSampler.implementation": "HttpClient4",
            "HTTPsampler.Arguments": _arguments([]),
        },
    )


def cookies() -> Node:
    """Return the element that keeps cookies, for each visitor its own."""
    return Node(
        "CookieManager",
        "CookiePanel",
        "cookies",
        {"CookieManager.cookies": collection([]), "CookieManager.clearEachIteration": True},
    )


def csv_file(file: str, columns: Sequence[str]) -> Node:
    """Return the element that gives each visitor the next row of a file."""
    return Node(
        "CSVDataSet",
        "TestBeanGUI",
        "visitors",
        {
            "filename": file,
            "fileEncoding": "UTF-8",
            "variableNames": ",".join(columns),
            "delimiter": ",",
            "quotedData": True,
            "ignoreFirstLine": False,
            "recycle": False,
            "stopThread": True,
            "shareMode": "shareMode.all",
        },
    )


def at_arrival(name: str, value: str) -> Node:
    """Return the element that sets a variable before a visitor's first step."""
    return Node(
        "UserParameters",
        "UserParametersGui",
        f"sets {name}",
        {
            "UserParameters.names": strings([name]),
            "UserParameters.thread_values": collection([strings([value])]),
            "UserParameters.per_iteration": True,
        },
    )


def request(name: str, method: str, path: str, body: str | None) -> Node:
    """Return the element that sends a request."""
    properties: dict[str, Property] = {
        "HTTPSampler.path": path,
        "HTTPSampler.method": method,
        "HTTPSampler.follow_redirects": False,
        "HTTPSampler.auto_redirects": False,
        "HTTPSampler.use_keepalive": True,
        "HTTPSampler.DO_MULTIPART_POST": False,
    }
    arguments = list[ET.Element]()
    if body is not None:
        properties["HTTPSampler.postBodyRaw"] = True
        arguments.append(
            nested(
                "HTTPArgument",
                {
                    "HTTPArgument.always_encode": False,
                    "Argument.value": body,
                    "Argument.metadata": "=",
                },
            )
        )
    properties["HTTPsampler.Arguments"] = _arguments(arguments)
    return Node("HTTPSamplerProxy", "HttpTestSampleGui", name, properties)


def _arguments(items: Iterable[ET.Element]) -> ET.Element:
    made = nested("Arguments", {"Arguments.arguments": collection(items)})
    made.set("guiclass", "ArgumentsPanel")
    made.set("testclass", "Arguments")
    return made


def headers(given: Mapping[str, str]) -> Node:
    """Return the element that adds headers to requests."""
    pairs = (
        nested("Header", {"Header.name": name, "Header.value": value})
        for name, value in given.items()
    )
    return Node(
        "HeaderManager", "HeaderPanel", "headers", {"HeaderManager.headers": collection(pairs)}
    )


def regexp(variable: str, pattern: str, template: str, default: str, *, of_headers: bool) -> Node:
    """Return the element that takes a value from an answer by a regular expression."""
    return Node(
        "RegexExtractor",
        "RegexExtractorGui",
        f"takes {variable}",
        {
            "RegexExtractor.useHeaders": "true" if of_headers else "false",
            "RegexExtractor.refname": variable,
            "RegexExtractor.regex": pattern,
            "RegexExtractor.template": template,
            "RegexExtractor.default": default,
            "RegexExtractor.default_empty_value": not default,
            "RegexExtractor.match_number": "1",
        },
    )


def regexp_of_variable(variable: str, of: str, pattern: str, default: str) -> Node:
    """Return the element that takes a value from another variable by a regular expression."""
    made = regexp(variable, pattern, "$1$", default, of_headers=False)
    return made.but({"Sample.scope": "variable", "Scope.variable": of})


def json_path(variable: str, path: str, default: str) -> Node:
    """Return the element that takes a value from a JSON answer."""
    return Node(
        "JSONPostProcessor",
        "JSONPostProcessorGui",
        f"takes {variable}",
        {
            "JSONPostProcessor.referenceNames": variable,
            "JSONPostProcessor.jsonPathExprs": path,
            "JSONPostProcessor.match_numbers": "1",
            "JSONPostProcessor.defaultValues": default,
        },
    )


_MATCH, _NOT, _EQUALS, _OR = 1, 4, 8, 32


def status_is(pattern: str) -> Node:
    """Return the element that judges an answer by its status alone."""
    return _assertion(
        "status", [pattern], _MATCH, {"Assertion.test_field": "Assertion.response_code"}, True
    )


def variable_is(variable: str, values: Sequence[str], *, equal: bool) -> Node:
    """Return the element that fails an answer unless a variable is one of the values, or none of them."""
    where: dict[str, Property] = {
        "Assertion.test_field": "Assertion.response_data",
        "Assertion.scope": "variable",
        "Scope.variable": variable,
    }
    kind = _EQUALS | _OR if equal else _EQUALS | _NOT
    return _assertion(variable, values, kind, where, False)


def _assertion(
    name: str, values: Sequence[str], kind: int, where: Mapping[str, Property], alone: bool
) -> Node:
    return Node(
        "ResponseAssertion",
        "AssertionGui",
        name,
        {
            "Asserion.test_strings": strings(values),  # JMeter's own spelling
            "Assertion.assume_success": alone,
            "Assertion.test_type": kind,
            **where,
        },
    )


def pause(milliseconds: str) -> Node:
    """Return the element that waits."""
    return Node(
        "TestAction",
        "TestActionGui",
        "pause",
        {"ActionProcessor.action": 1, "ActionProcessor.target": 0,
         "ActionProcessor.duration": milliseconds},
    )  # fmt: skip


def only_if(condition: str) -> Node:
    """Return the element whose children run if a condition evaluates to `true`."""
    return Node(
        "IfController",
        "IfControllerPanel",
        "perhaps",
        {"IfController.condition": condition, "IfController.evaluateAll": False,
         "IfController.useExpression": True},
    )  # fmt: skip


def as_long_as(condition: str) -> Node:
    """Return the element whose children repeat until a condition is `false`.

    The variable `__jm__redirects__idx` counts the rounds, from 0.
    """
    return Node(
        "WhileController",
        "WhileControllerGui",
        "redirects",
        {"WhileController.condition": condition},
    )


def choice(which: str) -> Node:
    """Return the element of whose children, counted from 0, one runs."""
    return Node(
        "SwitchController", "SwitchControllerGui", "scenario", {"SwitchController.value": which}
    )


def whole(name: str) -> Node:
    """Return the element that reports once all its children were done."""
    return Node(
        "TransactionController",
        "TransactionControllerGui",
        name,
        {"TransactionController.includeTimers": True, "TransactionController.parent": False},
    )
