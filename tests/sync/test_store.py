"""The evidence store: right names, nothing overwritten, nothing reported that is not durable."""

import errno
import hashlib
import threading

import pytest

from returnbench.sync.store import EvidenceDamaged, EvidenceMissing, EvidenceStore, StoreError


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def files_below(root):
    return sorted(path for path in root.rglob("*") if path.is_file())


@pytest.fixture
def store(tmp_path):
    return EvidenceStore(tmp_path / "evidence")


def test_a_file_lies_under_its_hash_and_cannot_be_written(store, tmp_path):
    name = store.put(b"picture")
    assert name == sha256(b"picture")
    path = tmp_path / "evidence" / "addenda" / name[:2] / name[2:4] / name
    assert store.path(name) == path
    assert path.read_bytes() == b"picture"
    assert path.stat().st_mode & 0o777 == 0o444
    assert store.has(name)
    assert store.read(name) == b"picture"
    assert files_below(tmp_path / "evidence") == [path]


def test_a_group_comes_back_in_order(store):
    items = [b"a", b"", b"b", b"a", bytes(300_000)]
    assert store.put_many(items) == [sha256(item) for item in items]
    assert sorted(store.names()) == sorted({sha256(item) for item in items})
    assert store.put_many([]) == []


def test_the_same_content_is_not_written_twice(store):
    name = store.put(b"x")
    before = store.path(name).stat()
    assert store.put(b"x") == name
    after = store.path(name).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_missing_file_is_named(store):
    with pytest.raises(EvidenceMissing, match=sha256(b"x")):
        store.read(sha256(b"x"))
    assert not store.has(sha256(b"x"))


def test_damage_is_found_and_never_overwritten(store):
    name = store.put(b"good")
    path = store.path(name)
    path.chmod(0o644)
    path.write_bytes(b"evil")
    with pytest.raises(EvidenceDamaged, match="changed"):
        store.read(name)
    with pytest.raises(EvidenceDamaged):
        store.put(b"good")
    assert path.read_bytes() == b"evil"


@pytest.mark.parametrize(
    "name", ["", "abc", "../" * 20 + "etc/passwd", "A" * 64, "0" * 65, "0" * 63 + "\n"]
)
def test_what_is_no_hash_names_no_file(store, name):
    with pytest.raises(StoreError, match="no SHA-256"):
        store.path(name)


def test_erasing(store):
    name = store.put(b"personal")
    assert store.erase(name)
    assert not store.has(name)
    assert not store.erase(name)
    assert store.put(b"personal") == name
    assert store.read(name) == b"personal"


def test_threads_share_a_store(store):
    items = [b"%d" % (number % 20) for number in range(120)]
    threads = [
        threading.Thread(target=store.put_many, args=(items[start::4],)) for start in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(store.names()) == sorted({sha256(item) for item in items})


def test_what_an_interrupted_write_left_is_removed(store):
    name = store.put(b"x")
    left = store.path(name).with_name(f".{name}.1-2.part")
    left.write_bytes(b"half")
    assert store.remove_parts() == 1
    assert not left.exists()
    assert list(store.names()) == [name]


def test_the_order_of_a_group_is_files_then_names_then_directories(tmp_path, failing_files):
    files = failing_files()
    EvidenceStore(tmp_path / "e", files).put_many([b"1", b"2"])
    done = [step for step in files.done if step not in ("open", "set_mode")]
    writing = done[done.index("write") :]
    assert writing == [*("write", "sync") * 2, *["rename"] * 2, *("sync_directory", "sync") * 2]
    assert done.count("make_directory") == 5


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC])
def test_a_failure_at_any_operation_is_reported_and_the_rest_stays_sound(
    tmp_path, failing_files, error
):
    counting = failing_files()
    EvidenceStore(tmp_path / "count", counting).put_many([b"one", b"two"])
    total = len(counting.done)
    assert total >= 18
    for step in range(total):
        root = tmp_path / f"at{step}"
        earlier = EvidenceStore(root).put(b"earlier")
        failing = failing_files(step, error)
        store = EvidenceStore(root, failing)
        with pytest.raises(StoreError):
            store.put_many([b"one", b"two"])
        again = EvidenceStore(root)
        names = again.put_many([b"one", b"two"])
        assert [again.read(name) for name in names] == [b"one", b"two"]
        assert again.read(earlier) == b"earlier"
        assert all(again.read(name) for name in again.names())


@pytest.mark.parametrize("after", ["write", "rename"])
def test_after_a_failed_sync_nothing_more_is_taken(tmp_path, failing_files, after):
    counting = failing_files()
    EvidenceStore(tmp_path / "count", counting).put(b"one")
    at = counting.done.index("sync", counting.done.index(after))
    store = EvidenceStore(tmp_path / "e", failing_files(at, errno.EIO))
    with pytest.raises(StoreError):
        store.put(b"one")
    with pytest.raises(StoreError, match="failed to store evidence before"):
        store.put(b"two")


def test_after_a_full_disk_the_store_goes_on(tmp_path, failing_files):
    counting = failing_files()
    EvidenceStore(tmp_path / "count", counting).put(b"one")
    at = counting.done.index("write")
    store = EvidenceStore(tmp_path / "e", failing_files(at, errno.ENOSPC))
    with pytest.raises(StoreError):
        store.put(b"one")
    assert store.read(store.put(b"one")) == b"one"
    assert [path.name for path in files_below(tmp_path / "e")] == [sha256(b"one")]


def test_an_erasure_that_fails_is_reported(tmp_path, failing_files):
    files = failing_files(error=errno.EIO)
    store = EvidenceStore(tmp_path / "e", files)
    name = store.put(b"x")
    for _ in range(2):
        files.fail_at = len(files.done)
        with pytest.raises(StoreError, match="erased"):
            store.erase(name)
        files.fail_at = len(files.done) + 1


def test_a_file_in_place_of_the_folder_is_an_error(tmp_path):
    (tmp_path / "e").write_bytes(b"")
    with pytest.raises(StoreError, match="cannot be written"):
        EvidenceStore(tmp_path / "e").put(b"x")
