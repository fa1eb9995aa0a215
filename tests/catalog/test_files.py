from pathlib import Path

from catalog.files import bytes_of


def test_a_file_that_goes_while_its_folder_is_measured_counts_nothing(tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"12345")
    # What a listing still names and the disk no longer has.
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert bytes_of(sorted(tmp_path.iterdir())) == 5
