"""Write the dashboards again, and take away those that are no more."""

from tools.dashboards.bundle import FOLDER, rendered


def main() -> None:
    """Make the folder what the code says."""
    FOLDER.mkdir(exist_ok=True)
    files = rendered()
    for stray in set(FOLDER.glob("*.json")) - {FOLDER / name for name in files}:
        stray.unlink()
    for name, text in files.items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()
