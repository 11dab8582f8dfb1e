"""Wrong arguments: words, numbers and names that a command cannot mean."""

from __future__ import annotations

from typing import Final

from tests.front_door.attempt import OUTPUTS, Row, row

_RUN = "rehearsal run --root r --results results"
_OUTPUTS = {"ok.json": OUTPUTS}

ROWS: Final[tuple[Row, ...]] = (
    # --- words ------------------------------------------------------------------------------------
    row("rehearsal strat", "No such command 'strat'", "Did you mean", "start"),
    row("loadtest run --stak ha", "No such option: --stak", "Did you mean --stack?"),
    row("loadtest run ha", "unexpected extra argument", "ha"),
    row("loadtest run --stack", "'--stack' requires an argument"),
    row("loadtest compare -1 -2", "No such option: -1"),
    row("region start --nosuch", "No such option: --nosuch"),
    row("toolchain tool nosuch", "no tool 'nosuch'", "k6, locust"),
    row("toolchain setup extra", "unexpected extra argument", "extra"),
    row("docgen nosuch", "no document 'nosuch'", "config-schema"),
    row("rehearsal shell", "Missing argument 'INSTANCE'"),
    row("rehearsal shell i-0ab1 --root", "--root has no value", "write it before INSTANCE"),
    # --- numbers ----------------------------------------------------------------------------------
    row("loadtest plan --availability nan", "availability of nan %", "between 0 and 100"),
    row("loadtest plan --availability 1e309", "availability of inf %", "between 0 and 100"),
    row("loadtest plan --confidence=-1", "confidence of -1 %", "between 0 and 100"),
    row("loadtest plan --rate 1e-300", "rate of 1e-300", "from 0.001 to 1,000,000"),
    row("loadtest plan --rate nan", "rate of nan", "from 0.001 to 1,000,000"),
    row("loadtest plan --ramp 5:nan:10s", "'nan' is no number of arrivals", "`125`"),
    row("loadtest plan --hold 5:1e9s", "'1e9s' is no length", "`60s`"),
    row("loadtest plan --hold=-5:60s", "'-5' is no number of arrivals"),
    row("loadtest plan --pause 10s", "nobody arrives", "--hold 50:60s"),
    row("loadtest size --rate nan", "rate of nan", "above 0"),
    row("loadtest size --rate 100 --slo p99=nanms", "--slo p99=nanms", "`p99=25ms`"),
    row("loadtest compare --confidence nan a b", "confidence of nan %", "50 to 99.99"),
    row("loadtest history --limit 0", "--limit", "0 is not in the range"),
    row("loadtest aa --stack ha --pairs 2", "--pairs", "2 is not in the range"),
    row("rehearsal run --root r --speed nan", "Speed nan", "from 0.1 to 1000"),
    row("rehearsal run --root r --speed 1e309", "--speed", "inf is not in the range"),
    row("rehearsal run --root r --credits=-1", "-1 CPU credits", "from 0 to 10000"),
    row("rehearsal start --root r --cpu-factor nan", "CPU factor nan", "0.02 to 50"),
    row("rehearsal start --root r --port 70000", "port 70000", "1 to 65535"),
    row("rehearsal start --root r --port abc", "--port", "'abc' is not a whole number"),
    row("rehearsal capacity --request-ms 1e-300", "not 1e-300", "from 1e-06"),
    row("rehearsal capacity --request-ms 1 --rate 1e300", "not 1e+300", "1,000,000"),
    row("rehearsal capacity --request-ms 1 --zones 99999999", "--zones 99999999", "2 to 6"),
    row("rehearsal logs i-0 --root r --lines=-1", "--lines", "-1 is not in the range"),
    # --- names ------------------------------------------------------------------------------------
    row("loadtest plan --profile qick", "profile 'qick'", "seed, quick, smoke"),
    row("loadtest plan --environment prod", "no environment 'prod'", "it has none"),
    row("loadtest plan --pass-env A=B", "--pass-env 'A=B'", "export it first"),
    row("loadtest plan --pass-env ''", "--pass-env ''", "export it first"),
    row("loadtest history --verdict keept", "'keept' is not one of", "kept"),
    row("loadtest history --topology nosuch", "'nosuch' is not one of", "single"),
    row("loadtest report --lang de", "no report in 'de'", "en (English)"),
    row("loadtest proof --lang de", "no report in 'de'", "en (English)"),
    row("loadtest compare a b", "no run 'a'", "loadtest history"),
    row("loadtest compare 'a\x1b[31mb' x", r"no run 'a\x1b[31mb'"),
    row("loadtest baseline set ../x latest-ha", "'../x' cannot name a baseline", "64 letters"),
    row("loadtest compare --to-baseline nosuch", "no baseline 'nosuch'", "baseline set"),
    row("loadtest experiment show nosuch", "no experiment 'nosuch'", "instance-dies"),
    row(
        "loadtest experiment run instance-dies --outputs ok.json --profile nosuch",
        "profile 'nosuch'",
        "seed, quick, smoke",
        files=_OUTPUTS,
    ),
    row("rehearsal prove --root r --only nosuch", "no experiment 'nosuch'", "instance-dies"),
    row("rehearsal prove --root r --stack prod", "--stack 'prod'", "ha or single"),
    row("rehearsal damage --root r nosuch", "rule 'nosuch'", "asg-elb-health-check"),
    row("rehearsal run --root r --generator wrk", "generator 'wrk'", "artillery, k6"),
    row("rehearsal start --root r --region mars-1", "'mars-1'", "ap-northeast-2"),
    row("rehearsal start --root r --image nosuch", "no image 'nosuch'", "host, al2023"),
    row("rehearsal start --root r --image ami-1=host --image ami-1=host", "ami-1", "give it one"),
    row("rehearsal shortages --root r --deny t4g.nanoo", "'t4g.nanoo'", "t4g.nano"),
    row("rehearsal capacity --request-ms 1 --type m5.huge", "'m5.huge'", "m5.large"),
    row("rehearsal logs ../../etc --root r", "'../../etc' is no instance", "start --root"),
    # --- what contradicts itself, told before anything is read or asked ---------------------------
    row("loadtest release", "either --stack NAME or --outputs FILE"),
    row("loadtest run --stack a --stack b --stack c", "not 3 of them"),
    row(
        "loadtest run --outputs ok.json --ramp 5:50:10s --profile quick",
        "--profile quick and --ramp are two loads",
        files=_OUTPUTS,
    ),
    row(
        "loadtest run --stack ha --stack ha --repeat-until-decided --max-pairs=-3",
        "3 to -3 pairs",
        "--max-pairs the most",
    ),
    row("loadtest run --stack ha --margin p99=nan%", "p99=nan%", "`10 %`"),
    row("loadtest run --stack ha --margin p98=5%", "no figure 'p98'", "p50, p95, p99"),
    row("""loadtest run --stack ha --worker-prefix '"'""", "--worker-prefix", "quotation"),
    row(
        "loadtest run --stack ha --worker-prefix 'nosuchprogram {worker}'",
        "no command 'nosuchprogram'",
        "write its path",
    ),
    row("loadtest size --check latest-ha", "size --check NEW_RUN EARLIER_RUN"),
    row("rehearsal preview --root r --stack prod", "--stack goes with --program"),
    # --- settings of the stacks -------------------------------------------------------------------
    row("rehearsal run --root r -c instanceType", "'instanceType' is not KEY=VALUE"),
    row("rehearsal run --root r -c appPath=x", "use --revision instead"),
    row("rehearsal run --root r -c aws:region=x", "leave out aws:", "option of `start`"),
    row(f"{_RUN} -c instanceTyp=t4g.small", "instanceTyp", "instanceType", leaves=("results",)),
    row(f"{_RUN} -c instanceType=t4g.smal", "'t4g.smal'", "t4g.small", leaves=("results",)),
    row(f"{_RUN} -c appPort=99999999999999999999", "less than or equal", leaves=("results",)),
    row(f"{_RUN} -c minSize=1e309", "valid integer", leaves=("results",)),
    row(f"{_RUN} -c 'healthPath=/a\x1bb'", r"/a\x1bb", "start it with /", leaves=("results",)),
    row("rehearsal run --root r -c appPort=1 -c appPort=2", "appPort is 1 already"),
)
"""Each as it may be typed by somebody who means well."""
