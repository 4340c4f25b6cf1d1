"""A zip that was uploaded is laid out inside its folder, or refused whole."""

import zipfile
from pathlib import Path

import pytest

from mailcore.base.errors import MailError, Reason
from mailcore.jobs.imports import unpacked


def zipped(folder: Path, **files: bytes) -> Path:
    path = folder / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/"), data)
    return path


def refused(path: Path, target: Path) -> MailError:
    with pytest.raises(MailError) as caught:
        unpacked.unpack(path, target, lambda _done, _total: None)
    return caught.value


def test_files_are_laid_out_with_their_folders(tmp_path: Path) -> None:
    unpacked.unpack(zipped(tmp_path, a__b__c=b"one", d=b"two"), tmp_path / "out", lambda _done, _total: None)
    assert (tmp_path / "out/a/b/c").read_bytes() == b"one" and (tmp_path / "out/d").read_bytes() == b"two"


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "..\\evil", "C:/evil"])
def test_a_name_that_leads_outside_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, b"x")
    assert "outside of the folder" in refused(path, tmp_path / "out").detail
    assert not (tmp_path / "evil").exists()


def test_an_absolute_name_stays_inside(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("/etc/x", b"x")
    unpacked.unpack(path, tmp_path / "out", lambda _done, _total: None)
    assert (tmp_path / "out/etc/x").read_bytes() == b"x"


def test_a_bomb_and_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path, a=b"0" * 5000, b=b"0" * 5000)
    monkeypatch.setattr(unpacked, "UNPACKED_BYTES", 9000)
    assert refused(path, tmp_path / "out").reason is Reason.TOO_BIG
    monkeypatch.setattr(unpacked, "UNPACKED_BYTES", 20_000)
    monkeypatch.setattr(unpacked, "ENTRIES", 1)
    assert refused(path, tmp_path / "out").reason is Reason.TOO_BIG


def test_what_is_no_zip_is_said_in_words(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"7z\xbc\xaf'\x1c not a zip")
    assert "no zip that can be read" in refused(path, tmp_path / "out").detail
