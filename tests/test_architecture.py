"""Laws of the house that no linter knows. The laws themselves: CONTRIBUTING.md."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from schools.facts import fact_models

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("schools", "enrollment", "cscdesk")
ROOMS_WITHOUT_A_QUESTION = {"utils", "helpers", "common", "misc", "signals", "base"}
LONGEST_FILE = 420
FACTS = {
    "Application", "Retraction", "Decision", "Outage", "OutageEnd",
    "OutageForecast", "Check", "ChildLink", "TwinsWish", "DrawCommitment", "PublicValue", "DaySeed",
    "Confirmation", "ConfirmedPlace", "Annulment", "SlotChange", "SpokenClosing", "Acknowledgement",
    "Entry", "ChainLink", "EntryOutcome", "Anchor",
}  # fmt: skip


def sources(*tops: str) -> list[Path]:
    return [
        path
        for top in tops
        for path in (ROOT / top).rglob("*.py")
        if "migrations" not in path.parts and "__pycache__" not in path.parts
    ]


def test_facts_are_the_tables_that_can_only_grow():
    assert {model.__name__ for model in fact_models()} == FACTS


def test_every_room_has_a_name_that_says_its_question():
    nameless = [p for p in sources(*FLOORS, "config") if p.stem in ROOMS_WITHOUT_A_QUESTION - {"base"}]

    assert nameless == []


def test_no_file_outgrows_its_room():
    long = {
        str(path.relative_to(ROOT)): length
        for path in sources(*FLOORS, "config")
        if (length := len(path.read_text().splitlines())) > LONGEST_FILE
    }

    assert long == {}


def test_only_one_room_reads_a_clock():
    reading = re.compile(
        r"timezone\.now\(|datetime\.now\(|\.utcnow\(|date\.today\(|time\.(time|monotonic|clock_gettime|time_ns)\("
    )
    readers = [
        str(path.relative_to(ROOT))
        for path in sources(*FLOORS)
        if path != ROOT / "schools" / "clock.py" and reading.search(path.read_text())
    ]

    assert readers == []


DOORS = {
    "views",
    "api",
    "tasks",
    "commands",
    "admin",
    "passes",
    "adapter",
    "officials_only",
    "counter",
    "sync",
}


def test_only_doors_call_the_clock():
    """Below the doors time is a parameter `at`; the counter's program is a door as a whole."""
    callers = [
        str(path.relative_to(ROOT))
        for path in sources(*FLOORS)
        if re.search(r"\bclock\.(now|today|boot_ms)\(", path.read_text())
        and not DOORS & {*path.relative_to(ROOT).with_suffix("").parts}
        and path != ROOT / "schools" / "clock.py"
    ]

    assert callers == []


def test_nobody_listens_to_signals():
    listeners = [
        str(path.relative_to(ROOT))
        for path in sources(*FLOORS)
        if re.search(r"django\.(dispatch|db\.models\.signals|core\.signals)", path.read_text())
    ]

    assert listeners == []


def test_accepting_rings_no_bell():
    """Law 4: nobody calls `.delay()`; sweeps find the rows."""
    ringers = [
        str(path.relative_to(ROOT))
        for path in sources(*FLOORS)
        if re.search(r"\.(delay|apply_async)\(", path.read_text())
    ]

    assert ringers == []


def public_functions(path: Path) -> list[ast.FunctionDef]:
    tree = ast.parse(path.read_text())
    return [node for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]


def services_and_selectors() -> list[Path]:
    return [
        path
        for path in sources(*FLOORS)
        if "counter" not in path.parts
        and ({"services", "selectors"} & {*path.parts} or path.stem in {"services", "selectors"})
    ]


@pytest.mark.parametrize("path", services_and_selectors(), ids=lambda p: str(p.relative_to(ROOT)))
def test_services_and_selectors_are_called_by_keyword_and_say_what_they_do(path):
    for function in public_functions(path):
        assert ast.get_docstring(function), f"{function.name} says nothing"
        assert len(function.args.args) <= 1, f"{function.name} takes positional arguments"


def test_the_floors_stand_on_each_other_and_the_counter_alone():
    result = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stdout + result.stderr


def test_the_counter_needs_nothing_of_the_centre():
    """Its settings load, and its models and pages import, with the centre's libraries out of reach."""
    script = """
import sys
for absent in ("psycopg", "redis", "celery", "rest_framework", "allauth", "pgtrigger", "granian"):
    sys.modules[absent] = None
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.counter"
import django
django.setup()
from django.urls import get_resolver
get_resolver().url_patterns
import cscdesk.counter.sync, cscdesk.counter.journal
loaded = {name.partition(".")[0] for name in sys.modules if sys.modules[name] is not None}
central = [m for m in ("schools.models", "enrollment.models", "cscdesk.models") if m in sys.modules]
assert not central, central
"""
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stderr


def test_importing_config_does_not_drag_celery_in():
    script = "import sys, config; assert 'celery' not in sys.modules"

    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0


def test_no_model_cascades_into_a_fact():
    cascading = [
        f"{model.__name__}.{field.name}"
        for model in fact_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey) and field.remote_field.on_delete is models.CASCADE
    ]

    assert cascading == []


def test_constraints_are_sentences():
    """A constraint's name says what can never be false, in words."""
    short = [
        constraint.name
        for label in FLOORS
        for model in apps.get_app_config(label).get_models()
        for constraint in model._meta.constraints
        if constraint.name.count("_") < 3
    ]

    assert short == []


def test_locks_hold_hashes_and_no_address():
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        text = lock.read_text()
        assert "--hash=sha256:" in text, lock.name
        assert not re.search(r"https?://|file:|--(extra-)?index-url|--find-links", text), lock.name


def test_the_locks_are_made_from_the_groups_of_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {"core": project["dependencies"], **project["optional-dependencies"]}
    for group, requirements in wanted.items():
        locked = (ROOT / "requirements" / f"{group}.txt").read_text().lower()
        for requirement in requirements:
            name = re.split(r"[\[<>=~! ]", requirement)[0].lower()
            assert re.search(rf"^{re.escape(name)}==", locked, re.MULTILINE), f"{name} not in {group}.txt"


@pytest.mark.parametrize("process", ["portal", "signin", "officials", "deskapi"])
def test_every_process_imports_its_own_doors_with_its_own_apps(process):
    """In one process a missing app hides behind another's; each is loaded alone."""
    script = """
import django
django.setup()
from django.urls import get_resolver
get_resolver().url_patterns
from config.celery import app
app.loader.import_default_modules()
"""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": f"config.settings.{process}"}
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stderr
