"""Whether another user may reach a folder: what decides if Roost gives up root's rights."""

import tempfile
from pathlib import Path

from mailcore.config import process

NOBODY = 65_534


def test_a_closed_parent_shuts_out_and_the_folder_itself_does_not() -> None:
    with tempfile.TemporaryDirectory(prefix="roost-open-") as name:
        room = Path(name)
        room.chmod(0o755)
        data = room / "data"
        data.mkdir(mode=0o700)
        assert process.shut_out_at(data, NOBODY, NOBODY) is None, "it is given to the user afterwards"
        assert process.shut_out_at(data / "x", NOBODY, NOBODY) == data
        room.chmod(0o700)
        assert process.shut_out_at(data, NOBODY, NOBODY) == room
