"""Wrong files and directories: what a name leads to is not what the command needs."""

from __future__ import annotations

from typing import Final

from tests.front_door.attempt import (
    BOMB,
    DEEP,
    DEEP_JSON,
    DIGITS,
    NOT_UTF8,
    OUTPUTS,
    Row,
    directory,
    endless,
    loop,
    pipe,
    revision,
    row,
)

_RUN = "rehearsal run --root r --results results"
_PROGRAM = "rehearsal preview --root r --program program"
_PYTHON = "name: ours\nruntime: python\n"

_SCRIPTS = (
    row("loadtest plan --scenario s.yml", "not UTF-8", files={"s.yml": NOT_UTF8}),
    row("loadtest plan --scenario s.yml", "file is empty", files={"s.yml": ""}),
    row("loadtest plan --scenario s.yml", "named pipe", files={"s.yml": pipe}),
    row("loadtest plan --scenario s.yml", "a device, not a file", files={"s.yml": endless}),
    row("loadtest plan --scenario s.yml", "symbolic links", files={"s.yml": loop}),
    row("loadtest plan --scenario s.yml", "Is a directory", files={"s.yml": directory}),
    row("loadtest plan --scenario s.yml", "more than 50,000 values", files={"s.yml": BOMB}),
    row("loadtest plan --scenario s.yml", "nested too deeply", files={"s.yml": DEEP}),
    row(
        "loadtest plan --scenario s.yml", "U+0000 is not allowed", files={"s.yml": "scenarios:\0 x"}
    ),
    row("loadtest plan --scenario s.yml", "s.yml:2:1", "line 1", files={"s.yml": "a: 1\na: 2\n"}),
    row("loadtest plan --scenario s.yml", "not a valid int", files={"s.yml": f"x: {DIGITS}"}),
    row("loadtest plan --scenario '길 s.yml'", "unknown key `a`", files={"길 s.yml": "a: 1\n"}),
    row(f"loadtest plan --scenario {'a' * 300}.yml", "File name too long", "api, login"),
    row(
        "loadtest plan --scenario s.yml --environment a",
        "s.yml:1:25: the environment `a` is a mapping",
        files={"s.yml": "config: {environments: {a: 5}}\nscenarios: [{flow: [{get: {url: /}}]}]\n"},
    ),
    row("loadtest plan --scenario ''", "cannot read the scenario ''", "api, login"),
)
_SLOS = (
    row("loadtest run --slo s.yml", "line 1", "not UTF-8", files={"s.yml": NOT_UTF8}),
    row("loadtest run --slo s.yml", "named pipe", files={"s.yml": pipe}),
    row("loadtest run --slo s.yml", "more than 50,000 values", files={"s.yml": BOMB}),
    row(
        "loadtest run --slo s.yml",
        "availability_percent",
        files={"s.yml": "applies_to: [ha]\navailability_percent: .nan\n"},
    ),
    row(
        "loadtest run --slo s.yml",
        "latency_ms",
        files={"s.yml": "applies_to: [ha]\nlatency_ms: {p99: -5}\n"},
    ),
    row("loadtest run", "cannot read the SLOs in x.yml", environment={"LOADTEST_SLO": "x.yml"}),
)
_OWN_APPLICATION = (
    row("rehearsal run --root r --slo nosuch.yml", "cannot read the SLOs in nosuch.yml"),
    row("rehearsal run --root r --slo d", "Is a directory", files={"d": directory}),
    row("rehearsal run --root r --slo s.yml", "p99: unknown key", files={"s.yml": "p99: 5\n"}),
    row("rehearsal run --root r", "gone.yml", environment={"LOADTEST_SLO": "gone.yml"}),
    row(
        "rehearsal run --root r --scenario s.yml",
        "`phases` is a list of phases",
        files={"s.yml": "config: {phases: []}\nscenarios: [{flow: [{get: {url: /}}]}]\n"},
    ),
    row(
        "rehearsal run --root r --scenario s.yml",
        "at most 86,400 s",
        files={
            "s.yml": "config: {phases: [{duration: 9999999, arrivalRate: 5}]}\n"
            "scenarios: [{flow: [{get: {url: /}}]}]\n"
        },
    ),
    row(
        f"{_RUN} --revision rev",
        "has no appspec.yml",
        files={"rev/appspec.yaml": "version: 0.0\nos: linux\n"},
        leaves=("results",),
    ),
)
_BAD_SCRIPT = {
    "s.yml": "config: {processor: ./no.js, payload: {path: no.csv, fields: [a]}}\n"
    "scenarios: [{flow: [{get: {url: x}}]}]\n",
    "slo.yml": "p99: 5\n",
}
_IN_THE_SCRIPT = ("s.yml:1:10", "no.js", "s.yml:1:40", "no.csv", "s.yml:2:28", "write `/x`")
_SEVERAL = (
    # Each of these is wrong in more than one input: all of it in one round.
    row(
        "rehearsal run --root r --results results --scenario s.yml --slo slo.yml --generator wrk "
        "--revision rev -c instanceType=t4g.smal -c minSize=x --pass-env NOSUCH --image nosuch",
        "7 things are wrong",
        *_IN_THE_SCRIPT,
        "slo.yml, line 1, p99",
        "generator 'wrk'",
        "no appspec.yml",
        "'t4g.smal'",
        "minSize",
        "'NOSUCH'",
        "no image 'nosuch'",
        files={**_BAD_SCRIPT, "rev": directory},
    ),
    row(
        "rehearsal run --root r --profile seeds --scenario s.yml --pass-env NOSUCH --pass-env NONE",
        "3 things are wrong",
        *_IN_THE_SCRIPT,
        "profile 'seeds'",
        "'NONE', 'NOSUCH'",
        files=_BAD_SCRIPT,
    ),
    row(
        "loadtest run --outputs o.json --scenario s.yml --slo slo.yml --generator wrk --profile no "
        "--worker-prefix '\"'",
        "6 things are wrong",
        *_IN_THE_SCRIPT,
        "slo.yml, line 1, p99",
        "generator 'wrk'",
        "profile 'no'",
        "quotation",
        "missing output url",
        files={**_BAD_SCRIPT, "o.json": "{}"},
    ),
    row(
        "rehearsal prove --root r --only nosuch --profile seeds -c x --image nosuch",
        "4 things are wrong",
        "'x' is not KEY=VALUE",
        "no image 'nosuch'",
        "experiment 'nosuch'",
        "profile 'seeds'",
    ),
    row(
        "loadtest plan --scenario s.yml --ramp 5:x:10s --availability 200",
        "3 things are wrong",
        *_IN_THE_SCRIPT,
        "'x' is not a number",
        "availability of 200 %",
        files=_BAD_SCRIPT,
    ),
    row(
        "loadtest experiment run nosuch neither --outputs o.json --scenario s.yml --profile no",
        "5 things are wrong",
        *_IN_THE_SCRIPT,
        "experiment 'nosuch'",
        "experiment 'neither'",
        "profile 'no'",
        "missing output url",
        files={**_BAD_SCRIPT, "o.json": "{}"},
    ),
    row(
        "rehearsal damage nosuch neither --root r -c minSize=x",
        "2 things are wrong",
        "rule 'nosuch', 'neither'",
        "minSize",
    ),
    row(
        "rehearsal prove --root r --stack prod --stack dev --only no --only none -c x -c appPath=y",
        "4 things are wrong",
        "--stack 'dev', 'prod'",
        "experiment 'no', 'none'",
        "'x' is not KEY=VALUE",
        "use --revision",
    ),
    row(
        "rehearsal preview --root r --program nowhere --summary /proc/x.md --json new/p/q.json",
        "2 things are wrong",
        "nowhere/Pulumi.yaml",
        "cannot write /proc/x.md",
    ),
    row(
        "rehearsal run --root r --profile quick --hold 5:10s --generator wrk",
        "2 things are wrong",
        "both describe a load",
        "generator 'wrk'",
    ),
    row(
        "loadtest workers task-definition --workers 4 --scenario s.yml --fargate f.yml --profile no "
        "--pass-env NOSUCH --region mars",
        "5 things are wrong",
        *_IN_THE_SCRIPT,
        "f.yml is wrong",
        "profile 'no'",
        "'NOSUCH'",
        "'mars' is not an AWS Region",
        files={**_BAD_SCRIPT, "f.yml": "image: x\n"},
    ),
    row(
        "loadtest workers policy --fargate p --region mars",
        "2 things are wrong",
        "named pipe",
        "'mars' is not an AWS Region",
        files={"p": pipe},
    ),
    row(
        "loadtest run --stack ha --yes --profile quick --hold 5:10s --repeat-until-decided "
        "--max-pairs=-3",
        "3 things are wrong",
        "--yes belongs to workers on AWS",
        "both describe a load",
        "3 to -3 pairs",
    ),
    row(
        "loadtest run --outputs o.json --workers-on fargate --generator wrk --fargate no.yml",
        "4 things are wrong",
        "`--workers N`",
        "generator 'wrk'",
        "settings of workers on Fargate in no.yml",
        "missing output url",
        files={"o.json": "{}"},
    ),
    row(
        "loadtest gate nosuch --slo gone.yml",
        "2 things are wrong",
        "no run 'nosuch'",
        "gone.yml",
    ),
    row(
        "loadtest cost --stack ha --file /proc/x.json",
        "2 things are wrong",
        "stack 'ha'",
        "cannot write /proc/x.json",
    ),
    row(
        "loadtest aa --outputs o.json --profile quick --hold 5:10s",
        "2 things are wrong",
        "both describe a load",
        "missing output url",
        files={"o.json": "{}"},
    ),
)
_OUTPUTS = (
    row("loadtest run --outputs o.json", "not UTF-8", files={"o.json": NOT_UTF8}),
    row("loadtest run --outputs o.json", "named pipe", files={"o.json": pipe}),
    row("loadtest run --outputs o.json", "nested too deeply", files={"o.json": DEEP_JSON}),
    row("loadtest run --outputs o.json", "a number in it has", files={"o.json": DIGITS}),
    row("loadtest run --outputs o.json", "missing output url", files={"o.json": "{}"}),
    row("loadtest run --outputs o.json", "it is []", "pulumi up", files={"o.json": "[]"}),
)
_EXPERIMENTS = (
    row("loadtest experiment show e.yml", "not UTF-8", files={"e.yml": NOT_UTF8}),
    row("loadtest experiment show e.yml", "device", files={"e.yml": endless}),
    row("loadtest experiment show e.yml", "50,000 values", files={"e.yml": BOMB}),
    row("loadtest experiment show e.yml", "nested too deeply", files={"e.yml": DEEP}),
    row("loadtest experiment show e.yml", "already given", files={"e.yml": "a: 1\na: 2\n"}),
)
_OTHERS = (
    row("loadtest report --conditions c.json", "nested too deeply", files={"c.json": DEEP_JSON}),
    row("loadtest report --conditions c.json", "named pipe", files={"c.json": pipe}),
    row("loadtest recover nowhere", "cannot read nowhere/settings.json"),
    row("loadtest bottleneck d", "the directory of a run", files={"d": directory}),
    row("loadtest proof d", "has no experiment.json", files={"d": directory}),
    row(
        "loadtest baseline list",
        "Is a directory",
        "LOADTEST_BASELINES",
        files={"b.json": directory},
        environment={"LOADTEST_BASELINES": "b.json"},
    ),
    row(
        "loadtest history",
        "symbolic links",
        files={"results": loop},
        environment={"LOADTEST_RESULTS": "results"},
    ),
    row(
        "loadtest run --outputs o.json",
        "cannot write results",
        files={"o.json": OUTPUTS},
        environment={
            "LOADTEST_RESULTS": "/proc/nowhere",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        },
    ),
)
_DIRECTORIES = (
    row("rehearsal start --root ''", "name a directory for the region's state"),
    row(
        "loadtest run --outputs l.json",
        "l.json: it is [], and outputs are names",
        files={"l.json": "[]"},
    ),
    row("loadtest recover f", "'f' is not a directory; name a directory", files={"f": "x"}),
    row("rehearsal start --root f", "'f' is not a directory", files={"f": "x"}),
    row("rehearsal start --root l", "symbolic links", "name a directory", files={"l": loop}),
    row(
        "rehearsal start --root /proc/x --image host",
        "kept in /proc/x",
        "another directory with --root",
    ),
    row("rehearsal shortages --root /proc/x --deny t4g.nano", "kept in /proc/x", "with --root"),
    # The region would close it to everybody else, end what is recorded below it, and remove it.
    row("rehearsal stop --root ours --remove", "not a region's", files={"ours/a.txt": "x"}),
    row("rehearsal start --root ours", "not a region's", "'a.txt'", files={"ours/a.txt": "x"}),
    row("rehearsal run --root ours", "not a region's", files={"ours": revision}),
    row("rehearsal preview --root ours", "not a region's", files={"ours/a.txt": "x"}),
    row("region serve --root ours", "not a region's", files={"ours/a.txt": "x"}),
    row("rehearsal run --root r --results ''", "'' names no directory", "shell variable"),
    row("rehearsal run --root r --results f", "'f' is not a directory", files={"f": "x"}),
    row("rehearsal run --root r --results l", "symbolic links", files={"l": loop}),
    row(f"{_RUN} --revision f", "'f' is not a directory", files={"f": "x"}),
    row(f"{_RUN} --revision ''", "'' names no directory", "shell variable"),
    row(f"{_RUN} --revision d", "no appspec.yml", files={"d": directory}, leaves=("results",)),
    row("rehearsal start --root r --image f", "not a tarball", files={"f": "x"}),
    row("rehearsal start --root r --image d", "not a root file system", files={"d": directory}),
    row("rehearsal start --root r --image p", "image", files={"p": pipe}),
)
_SESSION = '{"pid": 4194303, "created": "of another boot", "api_port": 4566, "provider_port": 4567}'
_RECORDS = (
    # Of a region that has died, or of a disk that has.
    row("rehearsal env --root r", "start --root", files={"r/region.json": _SESSION, "r/lock": ""}),
    row("rehearsal env --root r", "start --root", files={"r/region.json": DEEP_JSON, "r/lock": ""}),
    row("region instances --root r", "start", files={"r/region.json": NOT_UTF8, "r/lock": ""}),
    row("rehearsal shell i-0 --root r", "start", files={"r/region.json": "[]", "r/lock": ""}),
    row(
        "rehearsal shortages --root r", "capacity.json", "remove it", files={"r/capacity.json": "{"}
    ),
    row(
        "rehearsal shortages --root r",
        "capacity.json",
        "remove it",
        files={"r/capacity.json": DEEP_JSON},
    ),
)
_PROGRAMS = (
    row(_PROGRAM, "cannot read", "Pulumi.yaml", "directory of a Pulumi program"),
    row(_PROGRAM, "runtime is 'go'", files={"program/Pulumi.yaml": "name: x\nruntime: go\n"}),
    row(_PROGRAM, "named pipe", files={"program/Pulumi.yaml": pipe}),
    row(_PROGRAM, "nested too deeply", files={"program/Pulumi.yaml": DEEP}),
    row(_PROGRAM, "50,000 values", files={"program/Pulumi.yaml": BOMB}),
    row(
        f"{_PROGRAM} --stack dev",
        "no settings of a stack 'dev'",
        files={"program/Pulumi.yaml": _PYTHON},
    ),
    row(
        _PROGRAM,
        "`config` is not a mapping",
        files={"program/Pulumi.yaml": _PYTHON, "program/Pulumi.dev.yaml": "config: [1]\n"},
    ),
    row("rehearsal preview --root r --program ''", "'' names no directory"),
    row("rehearsal preview --root r --summary /proc/x.md", "cannot write /proc/x.md"),
    row("rehearsal preview --root r --json p", "cannot write p", files={"p": pipe}),
)
ROWS: Final[tuple[Row, ...]] = (
    *_SCRIPTS,
    *_SLOS,
    *_OUTPUTS,
    *_EXPERIMENTS,
    *_OWN_APPLICATION,
    *_SEVERAL,
    *_OTHERS,
    *_DIRECTORIES,
    *_RECORDS,
    *_PROGRAMS,
)
