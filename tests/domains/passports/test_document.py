"""A passport is as it was signed, or the check says what does not fit: any single change is found."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domains.passports import command, keys
from app.domains.passports.checking import check, check_compact
from app.domains.passports.document import (
    FORMAT,
    About,
    Car,
    Document,
    Reading,
    Shop,
    Work,
    b64,
    canonical,
    compact,
    digest,
    falls_in,
    hashes_of,
    signed_bytes,
    summary_of,
)  # fmt: skip


def signed(car=None, readings=None, entries=None):
    name, key = keys.present()
    about = About(FORMAT, "https://shop.example.com", name, "2026-11-27T12:00:00Z")
    car = car or Car("Škoda", "Octavia", 2019, "TMBZZZ1Z9K2000001", "diesel", "", "")
    readings = [Reading("2024-01-01", 40_000, "check_in")] if readings is None else readings
    if entries is None:
        shop = Shop("Nordtor “Kfz”", "Köln")
        entries = [Work("2024-01-01", 40_000, "service", "Oil & filter", shop), Work("2025-02-03", None, "repair", "زيت\u2028\x7f\x1f\"\\", None)]  # fmt: skip
    hashes = hashes_of(about, car, readings, entries)
    document = Document(about, car, readings, entries, hashes, digest(hashes), "")
    signature = b64(key.sign(signed_bytes(summary_of(document))))
    return Document(about, car, readings, entries, hashes, document.root, signature)


def bytes_of(document):
    return canonical(document).encode()


@pytest.fixture(scope="module")
def passport():
    return signed()


def test_a_passport_is_valid_as_it_was_signed(passport):
    checked = check(bytes_of(passport), keys.ours())
    assert checked.is_valid
    assert checked.document == passport


def changed(passport, **parts):
    return check(bytes_of(msgspec.structs.replace(passport, **parts)), keys.ours()).faults


def test_what_does_not_fit_is_named(passport):
    first, second = passport.entries
    assert changed(passport, car=msgspec.structs.replace(passport.car, year=2020)) == ["car"]
    assert changed(passport, about=msgspec.structs.replace(passport.about, issuer="x")) == ["about"]
    assert "readings" in changed(passport, readings=[Reading("2024-01-01", 4_000, "check_in")])
    assert changed(passport, entries=[first, msgspec.structs.replace(second, what="None")]) == ["entry:2"]
    assert "entries" in changed(passport, entries=[first])
    assert changed(passport, entries=[second, first]) == ["entry:1", "entry:2"]


def test_hashes_made_anew_do_not_help(passport):
    car = msgspec.structs.replace(passport.car, vin="TMBZZZ1Z9K2000002")
    hashes = msgspec.structs.replace(passport.hashes, car=digest(car))
    assert changed(passport, car=car, hashes=hashes) == ["root", "signature"]
    assert changed(passport, car=car, hashes=hashes, root=digest(hashes)) == ["signature"]


def test_a_key_that_is_not_known_is_no_key(passport):
    assert check(bytes_of(passport), {}).faults == ["key"]
    assert keys.read_set(keys.published()).keys() == keys.ours().keys()


@given(st.data())
def test_any_single_change_of_the_file_is_found(data):
    whole = bytes_of(signed())
    place = data.draw(st.integers(0, len(whole)))
    cut = data.draw(st.integers(0, 2))
    put = data.draw(st.binary(max_size=2))
    other = whole[:place] + put + whole[place + cut :]
    if other != whole:
        assert not check(other, keys.ours()).is_valid


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ENTRY = st.builds(
    Work, TEXT, st.none() | st.integers(0, 3_000_000), TEXT, TEXT, st.none() | st.builds(Shop, TEXT, TEXT)
)


@given(
    st.builds(Car, TEXT, TEXT, st.none() | st.integers(1900, 2100), TEXT, TEXT, TEXT, TEXT),
    st.lists(st.builds(Reading, TEXT, st.integers(0, 3_000_000), TEXT), max_size=4),
    st.lists(ENTRY, max_size=4),
)
def test_whatever_a_car_says_can_be_signed_and_checked(car, readings, entries):
    passport = signed(car, readings, entries)
    assert check(bytes_of(passport), keys.ours()).is_valid


@given(st.binary(max_size=200))
def test_no_file_stops_the_check(content):
    assert not check(content, keys.ours()).is_valid


def test_odd_files_are_no_passports(passport):
    for odd in (b"", b"[]", b"[" * 100_000, b"\xff", json.dumps({"about": 1}).encode(), b"x" * 5_000_000):
        assert check(odd, keys.ours()).faults == ["unreadable"]
    spaced = json.dumps(msgspec.to_builtins(passport)).encode()
    assert check(spaced, keys.ours()).faults == ["shape"]


def test_a_mileage_that_falls_is_noticed():
    readings = [Reading("2024-01-01", 90_000, "check_in"), Reading("2024-01-01", 89_000, "owner"), Reading("2025-01-01", 40_000, "owner")]  # fmt: skip
    assert falls_in(signed(readings=readings, entries=[])) == [
        (("2024-01-01", 90_000), ("2025-01-01", 40_000))
    ]
    assert falls_in(signed(readings=readings[:2], entries=[])) == []


def test_a_code_is_verified_alone_and_against_its_file(passport):
    code = f"https://shop.example.com/passport/abc#{compact(passport)}"
    summary, faults = check_compact(code, keys.ours())
    assert faults == []
    assert (summary.root, summary.vin8, summary.last_km) == (passport.root, "K2000001", 40_000)
    assert check_compact(code.replace("K2000001", "K2000002"), keys.ours())[1] == ["signature"]
    assert check_compact("https://shop.example.com", keys.ours())[1] == ["unreadable"]
    assert check_compact(code, {})[1] == ["key"]


@given(st.data())
def test_any_single_change_of_a_code_is_found(data):
    code = compact(signed())
    place = data.draw(st.integers(0, len(code) - 1))
    letter = data.draw(st.sampled_from("0123456789abzAZ-_~"))
    if letter != code[place]:
        assert check_compact(code[:place] + letter + code[place + 1 :], keys.ours())[1]


def test_the_command_checks_a_file(passport, tmp_path, capsys):
    whole, broken, ours = tmp_path / "a.json", tmp_path / "b.json", tmp_path / "keys.json"
    whole.write_bytes(bytes_of(passport))
    broken.write_bytes(bytes_of(passport).replace(b"40000", b"20000"))
    ours.write_text(json.dumps(keys.published()))
    assert command.run(whole, ours) == 0
    assert "valid, made by https://shop.example.com" in capsys.readouterr().out
    assert command.run(broken, ours) == 1
    said = capsys.readouterr().err
    assert "NOT VALID" in said
    assert "entry 1 was changed" in said
    assert "the mileage was changed" in said
    assert command.run(tmp_path / "none", ours) == 2
    assert command.run(whole, whole) == 2
