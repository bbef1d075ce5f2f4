"""Where a cluster reads and writes: URLs, folders that look finished once they are, accounts."""

import json

import pytest

pytest.importorskip("pyarrow", reason="scoring on a cluster needs pip install 'heard[batch]'")
pytest.importorskip("fsspec", reason="scoring on a cluster needs pip install 'heard[batch]'")

from heard.batch.cluster.storage import Folder, find, locate
from heard.errors import HeardError, InputError


@pytest.mark.parametrize("form", ["{}", "file://{}", "local://{}"])  # ours, pyarrow's, fsspec's
def test_a_folder_looks_finished_only_once_it_is(tmp_path, form):
    out = tmp_path / "out.jsonl"
    folder = Folder(form.format(out))
    folder.start(force=False)
    (tmp_path / "part").write_text("1\n")
    (tmp_path / "twice").write_text("1\n")
    for name in ("part", "twice"):
        folder.put(tmp_path / name, name)
    assert {path.name for path in out.iterdir()} == {"_unfinished"}
    folder.commit({"part": "part-00000.jsonl"}, {"rows": 1})
    assert {path.name for path in out.iterdir()} == {"part-00000.jsonl", "_SUCCESS"}
    assert (out / "part-00000.jsonl").read_text() == "1\n"
    assert json.loads((out / "_SUCCESS").read_text()) == {"rows": 1}


def test_nothing_is_replaced_unasked(tmp_path):
    folder = Folder(str(tmp_path))
    (tmp_path / "mine.txt").write_text("dear to me")
    with pytest.raises(InputError, match="not empty"):
        folder.start(force=False)
    with pytest.raises(InputError, match="no run of heard"):
        folder.start(force=True)
    assert (tmp_path / "mine.txt").exists()
    (tmp_path / "_SUCCESS").write_text("{}")
    folder.start(force=True)
    assert {path.name for path in tmp_path.iterdir()} == {"_unfinished"}


@pytest.mark.parametrize("scheme", ["file", "local"])
def test_files_behind_a_url_are_found_by_name(tmp_path, scheme):
    for name in ("b.csv", "a.jsonl", "c.txt", "_rejects/d.jsonl", "in/e.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    url = f"{scheme}://{tmp_path}"
    found = [(one.name, one.format, one.bytes) for one in find([url, url], None)]
    assert found == [
        (f"{url}/a.jsonl", "jsonl", 1),
        (f"{url}/b.csv", "csv", 1),
        (f"{url}/in/e.parquet", "parquet", 1),
    ]
    assert [one.name for one in find([f"{url}/b.csv"], None)] == [f"{url}/b.csv"]
    with pytest.raises(InputError, match="nothing to read"):
        find([f"{url}/no.csv"], None)


def test_an_unknown_url_is_told_in_a_sentence():
    with pytest.raises(InputError, match="nowhere:// is not known here"):
        locate("nowhere://bucket/key")


def test_rows_that_do_not_add_up_are_told():
    pytest.importorskip("ray", reason="scoring on a cluster needs pip install 'heard[batch]'")
    from heard.batch.cluster.run import _checked, _Survey
    from heard.batch.cluster.stages import Part
    from heard.batch.counts import Counts

    parts = [Part("a", None, Counts(scored=2)), Part("b", "c", Counts(scored=1, rejected=1))]
    assert _checked(parts, _Survey(3, 1, None, {})).scored == 3
    with pytest.raises(HeardError, match="4 rows and 1 rejects were read, 3 and 1 written"):
        _checked(parts, _Survey(4, 1, None, {}))
