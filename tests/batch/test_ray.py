"""Scoring on Ray: on a cluster of three nodes, of which one is killed in the middle."""

import csv
import json
import signal
import subprocess
import sys
import threading
import time

import pytest

pytest.importorskip("ray", reason="scoring on a cluster needs pip install 'heard[batch]'")

import pyarrow.dataset
import pyarrow.parquet
import ray
from ray._private.state import actors
from ray.cluster_utils import Cluster

from heard.batch.cluster import run
from heard.batch.cluster.run import score_with_ray
from heard.batch.source.inputs import find_inputs
from heard.batch.source.rows import Source
from heard.cli import main
from heard.errors import HeardError

pytestmark = pytest.mark.slow

PRIVATE = "a private word"
NODE = {"num_cpus": 2, "object_store_memory": 100 * 1024 * 1024, "include_log_monitor": False}


@pytest.fixture(scope="module")
def cluster():
    """A head and two workers of two logical CPUs each; this process is connected to it."""
    made = Cluster()
    try:
        made.add_node(**NODE, include_dashboard=False)
        for _ in range(2):
            made.add_node(**NODE)
        ray.init(made.address, log_to_driver=False, logging_level="ERROR")
        yield made
    finally:
        ray.shutdown()
        made.shutdown()


@pytest.fixture(scope="module")
def folder(tmp_path_factory, authored_rows):
    """Messages in three formats; some rows cannot be scored.

    They are long, so that scoring takes longer than it takes Ray to start a writer.
    """
    made = tmp_path_factory.mktemp("messages")
    texts = [row["text"] for row in authored_rows]
    rows = [
        {"id": f"{place}", "text": " ".join(texts[place : place + 6]), "weight": place / 4}
        for place in range(360)
    ]
    with (made / "a.jsonl").open("w", encoding="utf-8") as file:
        for row in rows[:120]:
            file.write(json.dumps(row) + "\n")
        file.write('{"id": "x1", "text": null, "weight": 1}\n{"id": "x2", "text": 7}\n')
        file.write(f'{{"id": "x3", "weight": 1}}\n{PRIVATE}, {{"id": "x4"\n')
        file.write(f'{{"id": "x5", "text": "{PRIVATE}\\u0000"}}\n')
    with (made / "b.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["id", "text", "weight"])
        writer.writeheader()
        writer.writerows(rows[120:240])
        file.write(f"x6,{PRIVATE},1,2,3\n")
    table = pyarrow.Table.from_pylist([*rows[240:], {"id": "x7"}])
    pyarrow.parquet.write_table(table, made / "c.parquet")
    return made


@pytest.fixture(scope="module")
def alone(tmp_path_factory, folder):
    """What the local engine makes of them."""
    out = tmp_path_factory.mktemp("alone") / "out.parquet"
    options = ["--id-column", "id", "--keep", "weight", "--out", str(out)]
    assert main(["score", str(folder), *options]) == 0
    return out


def source(folder):
    return Source(find_inputs([str(folder)], None), identity="id", keep=["weight"])


def rows_of(out):
    """The rows of an output by id, columns in order."""
    table = pyarrow.dataset.dataset(out).to_table()
    return table.schema, sorted(map(list, (row.items() for row in table.to_pylist())))


def rejects_in(paths):
    return sorted(line for path in paths for line in path.read_text("utf-8").splitlines())


def when_a_part_is_written(out, deadline=900):
    until = time.monotonic() + deadline
    while not any((out / "_unfinished").glob("rows-*")):
        assert time.monotonic() < until, "nothing was written"
        time.sleep(0.02)


def test_a_killed_worker_changes_nothing(cluster, folder, alone, analyzer, tmp_path):
    out, seen = tmp_path / "out.parquet", {}
    node = next(iter(cluster.worker_nodes))

    def scorers():
        return {name: one for name, one in actors().items() if "Scorer" in one["ActorClassName"]}

    def kill():
        when_a_part_is_written(out)
        seen["lost"] = [
            name
            for name, one in scorers().items()
            if one["State"] == "ALIVE" and one["Address"]["NodeID"] == node.node_id
        ]
        seen["finished"] = not (out / "_unfinished").exists()
        cluster.remove_node(node, allow_graceful=False)

    killing = threading.Thread(target=kill, daemon=True)
    killing.start()
    counts = score_with_ray(analyzer, source(folder), str(out), part_rows=20)
    killing.join(timeout=60)

    assert "lost" in seen, "the run was over before a node could be killed"
    assert not seen["finished"], "the node was killed too late"
    assert seen["lost"], "the actors of the node had ended before"
    assert any(scorers()[name]["NumRestarts"] for name in seen["lost"]), "no actor came back"
    assert rows_of(out) == rows_of(alone)
    assert rejects_in((out / "_rejects").iterdir()) == rejects_in(
        [alone.with_suffix(".parquet.rejects")]
    )
    assert (counts.scored, counts.rejected) == (360, 7)
    account = json.loads((out / "_SUCCESS").read_text())
    assert (account["rows"], account["scored"], account["rejected"]) == (367, 360, 7)
    assert sum(len(pyarrow.parquet.read_table(part)) for part in out.glob("part-*")) == 360
    assert not (out / "_unfinished").exists()


def test_an_interrupted_run_does_not_look_finished(cluster, folder, alone, tmp_path, capfd):
    out = tmp_path / "out.parquet"
    command = ["score", str(folder), "--engine", "ray", "--id-column", "id", "--keep", "weight"]
    command += ["--out", out.as_uri(), "--concurrency", "2", "--address", cluster.address]
    command += ["--part-rows", "20"]
    running = subprocess.Popen([sys.executable, "-m", "heard", *command])
    try:
        when_a_part_is_written(out)
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert not (out / "_SUCCESS").exists()
    assert pyarrow.dataset.dataset(out, format="parquet").files == []

    assert main(command) == 2
    assert "is not empty" in capfd.readouterr().err
    assert main([*command, "--force"]) == 0
    assert rows_of(out) == rows_of(alone)


def test_messages_stay_out_of_logs_and_errors(cluster, folder, tmp_path, capfd):
    out = tmp_path / "out.jsonl"
    command = ["score", str(folder), "--engine", "ray", "--out", str(out), "--strict"]
    assert main(command) == 2
    said = capfd.readouterr()
    assert "a.jsonl, line 121: The message is nothing" in said.err
    assert not out.exists()
    logs = ray._private.worker._global_node.get_logs_dir_path()
    kept = subprocess.run(["grep", "-rl", PRIVATE, logs], capture_output=True, text=True)
    assert PRIVATE not in said.out + said.err
    assert kept.stdout == ""


def test_a_node_with_another_model_ends_the_run(cluster, folder, analyzer, tmp_path, monkeypatch):
    settings = run._settings(analyzer, full=False)
    monkeypatch.setattr(run, "_settings", lambda *_, **__: {**settings, "made": ["0", "0"]})
    with pytest.raises(HeardError, match="another model or another version"):
        score_with_ray(analyzer, source(folder), str(tmp_path / "out.csv"), concurrency=1)
    assert list((tmp_path / "out.csv").iterdir()) == []
