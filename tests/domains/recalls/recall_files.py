"""Small files of recalls, in words of our own."""

from app.domains.recalls.lines import COLUMNS


def line(campaign="26V001000", make="HONDA", model="ACCORD", year="2003", component="AIR BAGS", **other):
    """One line without a first one that names the columns."""
    said = {
        "CAMPNO": campaign, "MAKETXT": make, "MODELTXT": model, "YEARTXT": year, "COMPNAME": component,
        "RCLTYPECD": "V", "DESC_DEFECT": "The inflator may burst.", "CONEQUENCE_DEFECT": "Pieces may hit people.",
        "CORRECTIVE_ACTION": "Dealers replace it.",
    } | other  # fmt: skip
    return "\t".join(said.get(name, "") for name in COLUMNS)


def file_of(folder, *lines, encoding="utf-8"):
    path = folder / "recalls.txt"
    path.write_bytes("".join(f"{one}\r\n" for one in lines).encode(encoding))
    return path
