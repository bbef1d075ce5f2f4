"""The shape of the repository: who may import whom, and what its papers must say."""

import ast
import doctest
import re
import subprocess
from pathlib import Path

import pytest

import heard
from heard.labels import (
    EMOTION_NAMES,
    EMOTIONS,
    ESCALATION,
    ESCALATION_LEVELS,
    SIGNAL_NAMES,
    SIGNALS,
    SPAN_NAMES,
    STRENGTHS,
    TARGET_NAMES,
)

ROOT = Path(__file__).resolve().parents[1]
HEARD = ROOT / "inference/heard"

#: From the ground up; a module may import only from layers before its own.
LAYERS = (
    {"errors", "labels"},
    {"types", "text"},
    {"language"},
    {"tokens", "bundle"},
    {"session", "decode"},
    {"reader"},
    {"analyzer", "show"},
    {"reply", "reply.words", "reply.lexicon", "reply.context", "reply.details"},
    {"reply.check", "reply.check.finding", "reply.mentions", "reply.bereavement"},
    {"reply.shift", "reply.clauses", "reply.situation"},
    {"reply.wishes", "reply.playbook", "reply.handover"},
    {"reply.fillings", "reply.check.phrases", "reply.check.reader"},
    {"reply.recommend", "reply.coverage", "reply.check.draft"},
    {f"reply.check.{name}" for name in ("facts", "feelings", "manner", "privacy", "promises")},
    {"reply.check.check"},
    {"conversation"},
    {"__init__"},
    {
        "serve",
        "serve.alive",
        "serve.protocol",
        "serve.settings",
        "serve.errors",
        "serve.estimate",
        "serve.logs",
        "serve.feedback",
        "serve.schemas",
    },
    {"serve.keys", "serve.metrics", "serve.models"},
    {"serve.batching", "serve.gate"},
    {"serve.service"},
    {"serve.routes", "serve.routes.answers", "serve.routes.page"},
    {f"serve.routes.{name}" for name in ("v1", "v2", "health", "admin", "feedback")},
    {"serve.app"},
    {"serve.run"},
    {"batch", "batch.columns", "batch.counts", "batch.progress"},
    {"batch.source", "batch.source.inputs", "batch.source.record"},
    {"batch.source.streams"},
    {f"batch.source.{name}" for name in ("csv_rows", "jsonl_rows", "parquet_rows")},
    {"batch.source.rows"},
    {"batch.work"},
    {"batch.output", "batch.score"},
    {"batch.cluster", "batch.cluster.connection", "batch.cluster.storage"},
    {"batch.cluster.stages"},
    {"batch.cluster.run"},
    {"batch.report.counting.rates", "batch.report.counting.dates"},
    {"batch.report.counting.outcome", "batch.report.counting.ranking"},
    {"batch.report.counting.counts"},
    {"batch.report.counting.backtest"},
    {"batch.report.counting", "batch.report.counting.tally"},
    {"batch.report.drawing.markup"},
    {"batch.report.drawing.charts"},
    {f"batch.report.drawing.{name}" for name in ("alerts", "distributions", "lists", "trend")},
    {"batch.report.drawing", "batch.report.drawing.page"},
    {"batch.report"},
    {"batch.reporting"},
    {"cli.terminal", "cli.options"},
    {"cli.models", "cli.replies", "cli.score", "cli.serve"},
    {"cli.main"},
    {"cli"},
    {"__main__"},
)
ALLOWED_OUTSIDE = {"heard", "numpy", "onnxruntime", "tokenizers"}
#: What the service needs besides, and nothing else may import.
SERVING = {
    "fastapi",
    "fastapi_swagger",
    "prometheus_client",
    "pydantic",
    "starlette",
    "uvicorn",
}
#: And what files need.
SCORING = {"fsspec", "pyarrow", "ray", "tqdm"}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def dotted(path):
    """Name a module below the package; a folder has the name of its ``__init__``."""
    parts = path.relative_to(HEARD).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and parts[1:] else parts)


@pytest.mark.parametrize("path", sorted(HEARD.rglob("*.py")), ids=dotted)
def test_modules_import_only_what_lies_below(path):
    import sys

    level = next(i for i, layer in enumerate(LAYERS) if dotted(path) in layer)
    below = set().union(*LAYERS[: level + (level == 0)])
    allowed = ALLOWED_OUTSIDE | (SERVING if path.is_relative_to(HEARD / "serve") else set())
    allowed |= SCORING if path.is_relative_to(HEARD / "batch") else set()
    for name in imports(path):
        top, _, inner = name.partition(".")
        assert top in allowed | set(sys.stdlib_module_names), name
        if top == "heard" and name != "heard.cli":
            assert (inner or "__init__") in below, f"{dotted(path)} imports {name}"


def tracked(*suffixes):
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name.endswith(suffixes)]
    return [path for path in paths if path.is_file()]


def test_files_stay_short():
    long = [p.name for p in tracked(".py") if len(p.read_text("utf-8").splitlines()) > 420]
    assert long == []


def test_no_public_text_is_committed():
    """Every committed message is of the authored corpus; annotations hold labels without texts."""
    data = [path for path in tracked(".jsonl", ".tsv", ".csv", ".arrow", ".parquet")]
    allowed = [ROOT / "tests", ROOT / "data/reply_cases.jsonl"]
    allowed.append(ROOT / "training/heard_training/project/template")
    allowed += [ROOT / "data" / name for name in ("authored", "annotations", "drafts")]
    assert [p.name for p in data if not any(p.is_relative_to(a) for a in allowed)] == []


def test_the_readme_describes_every_label():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    names = {*EMOTION_NAMES, *SIGNAL_NAMES, *SPAN_NAMES}
    names |= {label.name for label in (*ESCALATION_LEVELS, *STRENGTHS)}
    assert [name for name in sorted(names) if f"`{name}`" not in readme] == []


def test_the_guide_defines_every_label():
    guide = (ROOT / "data/LABELING.md").read_text(encoding="utf-8")
    for name in (*TARGET_NAMES, *SPAN_NAMES):
        assert f"**{name}**" in guide, name
    for name in SIGNAL_NAMES:
        assert f"`{name}`" in guide, name
    for label in SIGNALS:
        assert f"| {label.letter} | `{label.name}` |" in guide
    for label in (*EMOTIONS, ESCALATION):
        assert f"**{label.name}** ({label.letter})" in guide


def test_the_dataset_card_holds_the_tables_that_the_command_prints():
    pytest.importorskip("sklearn")
    from heard_training.data.describe import describe

    card = (ROOT / "data/README.md").read_text(encoding="utf-8")
    for table in describe(ROOT / "data/authored", ROOT / "data/annotations").split("\n\n"):
        assert table in card


def test_the_example_of_the_package_holds():
    assert doctest.testmod(heard).failed == 0


def test_python_blocks_of_the_readme_run():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL)
    assert blocks
    scope: dict = {}
    for block in blocks:
        exec(block, scope)  # noqa: S102
