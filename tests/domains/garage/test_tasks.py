"""What a job, a service or a part is called says which tasks it is of, and nothing is guessed."""

import pytest

from app.domains.garage import TASKS, tasks_in


@pytest.mark.parametrize(
    ("words", "tasks"),
    [
        ("Oil and filter, wipers", ["oil", "wipers"]),
        ("Ölwechsel mit Ölfilter", ["oil"]),
        ("Rear brake discs and pads, brake fluid change", ["brake_fluid", "brake_pads"]),
        ("Bremsflüssigkeit wechseln", ["brake_fluid"]),
        ("Cabin air filter", ["cabin_filter"]),
        ("Engine air filter and cabin air filter", ["air_filter", "cabin_filter"]),
        ("Battery coolant change", ["battery_coolant"]),
        ("New battery test", ["starter_battery"]),
        ("12 V battery, AGM", ["new_starter_battery"]),
        ("Brake check", ["brakes"]),
        ("Brake fluid check", []),
        ("Coolant leak found", []),
        ("Oil filter housing gasket", []),
        ("Used oil disposal", []),
        ("Foil", []),
        ("Two tires, front", []),
        ("", []),
    ],
)
def test_the_words_say_the_tasks(words: str, tasks: list[str]) -> None:
    assert tasks_in(words) == tasks
    assert tasks_in(words.upper()) == tasks


def test_what_is_read_is_known() -> None:
    every = tasks_in(" / ".join(task.name for task in TASKS.values()))
    assert set(every) <= set(TASKS)
    assert len(every) > len(TASKS) // 2
