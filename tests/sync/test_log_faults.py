"""Every file operation of the log made to fail, one after the other."""

import errno

import pytest

from returnbench.sync.log import LogWriteFailed, Record, verify_log

GROUP = [
    Record("note", {"n": 1}, {"name": "first"}),
    Record("note", {"n": 2}),
    Record("note", {"n": 3}, {"name": "third"}),
]


def operations(open_log, failing_files, root):
    """How many operations opening a log takes, and how many with one group."""
    files = failing_files()
    with open_log(root, files=files) as log:
        opening = len(files.done)
        log.append(GROUP)
    return opening, len(files.done)


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC], ids=["EIO", "ENOSPC"])
def test_a_group_that_fails_anywhere_is_never_acknowledged_and_hurts_no_other(
    tmp_path, open_log, failing_files, log_signer, error
):
    opening, total = operations(open_log, failing_files, tmp_path / "count")
    assert total - opening >= 20
    for step in range(total - opening):
        root = tmp_path / f"at{step}"
        with open_log(root) as log:
            before = log.append([Record("note", {"n": 0})])
        files = failing_files(error=error)
        with open_log(root, files=files) as log:
            files.fail_at = len(files.done) + step
            size, checkpoint = log.size, log.checkpoint
            with pytest.raises(LogWriteFailed, match="Check the disk"):
                log.append(GROUP)
            assert (log.size, log.tree.size, log.checkpoint) == (size, size, checkpoint)
            assert list(log.entries()) == list(before)
            with pytest.raises(LogWriteFailed):
                log.append([Record("note", {})])
        with open_log(root) as log:
            entries = list(log.entries())
            assert entries[:1] == list(before)
            kept = [entry for entry in entries[1:] if entry.type == "note"]
            # All of it or nothing: what was cut off in time is gone, what was signed is whole.
            assert [entry.data["n"] for entry in kept] in ([], [1, 2, 3])
            assert all(log.personal_of(e) for e in kept if "pii" in e.data)
            log.append(GROUP)
        assert verify_log(root / "log", log_signer.vkey) == []


def test_a_group_that_fails_and_cannot_be_cut_off_is_mended_at_the_next_start(
    tmp_path, open_log, failing_files, log_signer
):
    class Broken(failing_files):
        def truncate(self, descriptor, size):
            raise OSError(errno.EIO, "injected")

    _, total = operations(open_log, failing_files, tmp_path / "count")
    for step in range(total):
        root = tmp_path / f"at{step}"
        with open_log(root) as log:
            log.append([Record("note", {"n": 0})])
        files = Broken(error=errno.ENOSPC)
        log = open_log(root, files=files)
        files.fail_at = len(files.done) + step
        try:
            log.append(GROUP)
        except LogWriteFailed:
            acknowledged = 1
        else:
            acknowledged = 4
        log.close()
        with open_log(root) as log:
            numbers = [entry.data["n"] for entry in log.entries() if entry.type == "note"]
            assert numbers == [0, 1, 2, 3][: len(numbers)]
            assert len(numbers) >= acknowledged
        assert verify_log(root / "log", log_signer.vkey) == []


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC], ids=["EIO", "ENOSPC"])
def test_a_first_start_that_fails_anywhere_can_be_repeated(
    tmp_path, open_log, failing_files, log_signer, error
):
    opening, _ = operations(open_log, failing_files, tmp_path / "count")
    for step in range(opening):
        root = tmp_path / f"at{step}"
        with pytest.raises(LogWriteFailed):
            open_log(root, files=failing_files(step, error))
        with open_log(root) as log:
            log.append(GROUP)
        assert verify_log(root / "log", log_signer.vkey) == []


def test_a_mending_that_fails_anywhere_can_be_repeated(
    tmp_path, open_log, failing_files, log_signer
):
    def torn(root):
        with open_log(root) as log:
            log.append(GROUP)
            head = log.checkpoint
            log.append(GROUP)
        (root / "log" / "checkpoint").write_text(head)
        with (root / "log" / "entries.log").open("ab") as file:
            file.write(b'{"torn')

    torn(tmp_path / "count")
    counting = failing_files()
    open_log(tmp_path / "count", files=counting)
    for step in range(len(counting.done)):
        root = tmp_path / f"at{step}"
        torn(root)
        with pytest.raises(LogWriteFailed):
            open_log(root, files=failing_files(step, errno.EIO))
        with open_log(root) as log:
            numbers = [entry.data["n"] for entry in log.entries() if entry.type == "note"]
            assert numbers == [1, 2, 3, 1, 2, 3]
            kept = [path.read_bytes() for path in (root / "log" / "recover").iterdir()]
            assert b'{"torn' in kept
        assert verify_log(root / "log", log_signer.vkey) == []


def test_the_order_of_the_durable_write(tmp_path, open_log, failing_files):
    files = failing_files()
    with open_log(tmp_path, files=files) as log:
        begin = len(files.done)
        log.append(GROUP)
    done = [step for step in files.done[begin:] if step not in ("open", "set_mode")]
    addenda = done[done.index("write") :][: -len(LINES_AND_HEAD)]
    assert addenda == [*("write", "sync") * 2, *["rename"] * 2, *("sync_directory", "sync") * 2]
    assert done[-len(LINES_AND_HEAD) :] == LINES_AND_HEAD


LINES_AND_HEAD = ["write", "sync_data", "write", "sync", "rename", "sync_directory", "sync"]
