"""What each key accepts, in which spelling, and the one line that refuses the rest."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from driftwatch.arrays.schema import FeatureKind
from driftwatch.config import FeatureSettings, Settings, load_settings
from driftwatch.config.keys import FEATURE_KEYS
from driftwatch.config.settings import CORRECTIONS, FORMATS, GLOBAL_METHODS, KINDS, PVALUES, ROLES, TASKS
from driftwatch.errors import ConfigError, UnknownNameError
from driftwatch.ops._threads import NUM_THREADS_VARIABLE

if TYPE_CHECKING:
    from pathlib import Path


def from_toml(folder: Path, text: str) -> Settings:
    path = folder / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings({}, {}, None, path).settings


def from_variable(name: str, text: str) -> Settings:
    return load_settings({}, {f"DRIFTWATCH_{name}": text}).settings


def test_every_key_is_read_from_a_file(tmp_path: Path) -> None:
    text = """
    alpha = 0.01
    correction = "holm"
    min_effect = 0
    min_samples = 5
    global_method = "hommel"
    pvalues = "permutation"
    n_permutations = 99
    block_length = "auto"
    groups = "user"
    seed = 3
    confidence = 0.9
    joint = { engine = ["rpm", "torque"] }
    max_embedding_rows = 500
    block_size = 1000
    excess = true
    detectors = ["ks", "hellinger"]
    include = ["price", "age"]
    exclude = ["id"]
    fail_on = "none"
    on_insufficient = "pass"
    format = "json"
    thresholds = { psi = 0.2 }
    roles = { score = "prediction" }
    [performance]
    task = "labels"
    positive = "yes"
    threshold = 0
    min_drop = 0.1
    metrics = ["f1"]
    [features."price"]
    kind = "numeric"
    min_effect = 0.1
    thresholds = { ks = 0.3 }
    ignore = false
    weight = 2
    role = "target"
    """
    assert from_toml(tmp_path, text) == Settings(
        alpha=0.01,
        correction="holm",
        min_effect=0.0,
        min_samples=5,
        global_method="hommel",
        pvalues="permutation",
        n_permutations=99,
        block_length="auto",
        groups="user",
        seed=3,
        confidence=0.9,
        joint={"engine": ("rpm", "torque")},
        max_embedding_rows=500,
        block_size=1000,
        excess=True,
        detectors=("ks", "hellinger"),
        include=("price", "age"),
        exclude=("id",),
        fail_on="none",
        on_insufficient="pass",
        format="json",
        thresholds={"psi": 0.2},
        roles={"score": "prediction"},
        performance={"task": "labels", "positive": "yes", "threshold": 0.0, "min_drop": 0.1, "metrics": ("f1",)},
        features={
            "price": FeatureSettings(
                kind="numeric", min_effect=0.1, thresholds={"ks": 0.3}, ignore=False, weight=2.0, role="target"
            )
        },
    )


@pytest.mark.parametrize(
    ("variable", "text", "expected"),
    [
        ("ALPHA", "0.01", Settings(alpha=0.01)),
        ("ALPHA", "none", Settings(alpha=None)),
        ("CORRECTION", "none", Settings(correction="none")),
        ("MIN_EFFECT", "1e-2", Settings(min_effect=0.01)),
        ("MIN_SAMPLES", "30", Settings(min_samples=30)),
        ("GLOBAL_METHOD", "simes", Settings(global_method="simes")),
        ("PVALUES", "permutation", Settings(pvalues="permutation")),
        ("N_PERMUTATIONS", "499", Settings(n_permutations=499)),
        ("BLOCK_LENGTH", "50", Settings(block_length=50)),
        ("BLOCK_LENGTH", "auto", Settings(block_length="auto")),
        ("BLOCK_LENGTH", "none", Settings()),
        ("GROUPS", "user id", Settings(groups="user id")),
        ("SEED", "7", Settings(seed=7)),
        ("CONFIDENCE", ".9", Settings(confidence=0.9)),
        ("CONFIDENCE", "none", Settings()),
        ("JOINT", "all", Settings(joint=True)),
        ("JOINT", "none", Settings()),
        (
            "JOINT",
            'engine=rpm, torque; b = "x, y",z=1',
            Settings(joint={"engine": ("rpm", "torque"), "b": ("x, y", "z=1")}),
        ),
        ("MAX_EMBEDDING_ROWS", "500", Settings(max_embedding_rows=500)),
        ("BLOCK_SIZE", "1000", Settings(block_size=1000)),
        ("EXCESS", "true", Settings(excess=True)),
        ("EXCESS", "false", Settings()),
        ("DETECTORS", "ks, hellinger", Settings(detectors=("ks", "hellinger"))),
        ("FEATURES", 'age, "income, net"', Settings(include=("age", "income, net"))),
        ("FEATURES", "age\nprice", Settings(include=("age", "price"))),
        ("EXCLUDE", "id,id", Settings(exclude=("id",))),
        ("THRESHOLD", "psi=0.2,ks=.1", Settings(thresholds={"psi": 0.2, "ks": 0.1})),
        ("KIND", "a=b=time", Settings(features={"a=b": FeatureSettings(kind="time")})),
        ("FAIL_ON", "none", Settings(fail_on="none")),
        ("ON_INSUFFICIENT", "fail", Settings(on_insufficient="fail")),
        ("FORMAT", "junit", Settings(format="junit")),
    ],
)
def test_every_option_of_check_has_a_variable(variable: str, text: str, expected: Settings) -> None:
    assert from_variable(variable, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "alpha = 0",
        "alpha = 1.0",
        "alpha = nan",
        "alpha = true",
        'alpha = "0.05"',
        "alpha = 1" + "0" * 400,
        "correction = 'bh'",
        "min_effect = -0.1",
        "min_effect = 1.5",
        "min_effect = true",
        "min_samples = 0",
        "min_samples = 2.5",
        "min_samples = true",
        "global_method = 'fisher'",
        "pvalues = 'bootstrap'",
        "n_permutations = 0",
        "n_permutations = 'many'",
        "block_length = 0",
        "block_length = 'long'",
        "groups = ''",
        "groups = ['user']",
        "seed = -1",
        "seed = 1.5",
        "confidence = 1",
        "joint = 'all'",
        "joint = {}",
        "joint = { engine = 'rpm' }",
        "joint = { engine = [] }",
        "max_embedding_rows = 9",
        "block_size = 0",
        "excess = 1",
        "excess = 'true'",
        "detectors = 'ks'",
        "detectors = []",
        "include = 'age'",
        "include = []",
        "include = [1]",
        "exclude = ['']",
        "thresholds = 0.2",
        "thresholds = { psi = -1 }",
        "thresholds = { psi = 'big' }",
        "thresholds = { psi = inf }",
        "fail_on = 'warning'",
        "fail_on = []",
        "on_insufficient = 3",
        "format = 'pdf'",
        "features.price = 1",
        "features.price.kind = 'number'",
        "features.price.min_effect = 2",
        "features.price.weight = -1",
        "features.price.ignore = 'yes'",
        "features.price.thresholds = 3",
    ],
)
def test_wrong_value_is_refused_with_key_file_and_what_was_wanted(tmp_path: Path, text: str) -> None:
    key = text.partition("=")[0].strip()
    with pytest.raises(ConfigError) as caught:
        from_toml(tmp_path, text)
    message = str(caught.value)
    assert message.startswith(f"`{key}")
    assert f"in {tmp_path / 'settings.toml'} must be " in message
    assert "got " in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("variable", "text", "named"),
    [
        ("ALPHA", "high", "`DRIFTWATCH_ALPHA` must be a number between 0 and 1"),
        ("MIN_SAMPLES", "2.5", "`DRIFTWATCH_MIN_SAMPLES` must be a whole number"),
        ("THRESHOLD", "psi", "`DRIFTWATCH_THRESHOLD` must be STATISTIC=NUMBER pairs"),
        ("THRESHOLD", "psi=big", "`DRIFTWATCH_THRESHOLD` psi must be a number"),
        ("JOINT", "engine", "`DRIFTWATCH_JOINT` must be true, false or a table of names and lists of features"),
        ("JOINT", "engine=", "`DRIFTWATCH_JOINT` must be true, false or a table"),
        ("KIND", "age=", "`DRIFTWATCH_KIND` must be FEATURE=KIND pairs"),
        ("KIND", "age=number", "`DRIFTWATCH_KIND` age.kind must be one of"),
        ("FEATURES", " , ", "`DRIFTWATCH_FEATURES` must be a list of feature names"),
    ],
)
def test_wrong_variable_is_refused_by_its_own_name(variable: str, text: str, named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_variable(variable, text)
    assert str(caught.value).startswith(named)


def test_wrong_flag_is_refused_by_its_own_name() -> None:
    with pytest.raises(ConfigError, match=r"^`--min-effect` must be a number from 0 to 1; got '2'\.$"):
        load_settings({"min_effect": "2"})


def test_list_under_features_points_to_include(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a list of features to compare is called `include`"):
        from_toml(tmp_path, 'features = ["age"]')


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("alhpa = 0.1", "unknown setting in {file}: 'alhpa' (did you mean 'alpha'?)"),
        (
            "[features.price]\nkid = 'numeric'",
            "unknown option of feature 'price' in {file}: 'kid' (did you mean 'kind'?)",
        ),
        ("[driftwatch]\nalpha = 0.1", "unknown setting in {file}: 'driftwatch'"),
    ],
)
def test_unknown_key_is_refused_with_the_nearest_known_one(tmp_path: Path, text: str, hint: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        from_toml(tmp_path, text)
    assert str(caught.value).startswith(hint.format(file=tmp_path / "settings.toml"))


@pytest.mark.parametrize("variable", ["DRIFTWATCH_ALHPA", "DRIFTWATCH_MIN_SAMPLE", "DRIFTWATCH_alpha"])
def test_unknown_variable_is_refused(variable: str) -> None:
    with pytest.raises(UnknownNameError, match="unknown environment variable after DRIFTWATCH_"):
        load_settings({}, {variable: "1"})


@pytest.mark.parametrize(
    "variable",
    ["DRIFTWATCH_SERVICE_HOST", "DRIFTWATCH_PORT", "DRIFTWATCH_PORT_80_TCP_ADDR", "DRIFTWATCH_SERVICE_PORT_HTTP"],
)
def test_variables_that_kubernetes_sets_for_a_service_are_no_settings(variable: str) -> None:
    assert load_settings({}, {variable: "10.0.0.1"}).settings == Settings()


@pytest.mark.parametrize("variable", [NUM_THREADS_VARIABLE, "DRIFTWATCH_DASHBOARD_TOKEN"])
def test_what_belongs_to_the_process_is_no_setting(variable: str) -> None:
    assert load_settings({}, {variable: "2"}).settings == Settings()


def test_variables_of_others_are_left_alone() -> None:
    assert load_settings({}, {"DRIFTWATCHER": "1", "ALPHA": "9", "_DRIFTWATCH_COMPLETE": "x"}).settings == Settings()


@pytest.mark.parametrize("content", [b"alpha = ", b"alpha = 0.1\nalpha = 0.2", b'include = ["\xff"]'])
def test_broken_toml_is_one_line_that_names_the_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "driftwatch.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="is not valid TOML") as caught:
        load_settings({}, {}, tmp_path)
    assert str(path) in str(caught.value)


def test_pyproject_table_of_the_wrong_type_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("tool.driftwatch = 1\n")
    with pytest.raises(ConfigError, match="must be a table, got 1"):
        load_settings({}, {}, tmp_path)


def test_kinds_are_those_of_the_schema() -> None:
    assert set(KINDS) == set(FeatureKind) - {FeatureKind.JOINT, FeatureKind.UNSUPPORTED}


def test_formats_are_those_of_the_renderers() -> None:
    from driftwatch.report.render import FORMATS as IMPLEMENTED

    assert set(FORMATS) == set(IMPLEMENTED)


def test_corrections_are_those_of_the_kernels() -> None:
    from driftwatch.kernels.multiplicity import CORRECTIONS as IMPLEMENTED

    assert set(CORRECTIONS) == set(IMPLEMENTED)


def test_choices_of_pvalues_are_those_of_the_library() -> None:
    from driftwatch.kernels.multiplicity import GLOBAL_METHODS as GLOBAL
    from driftwatch.monitor.permutation import PVALUES as WAYS

    assert (set(GLOBAL_METHODS), set(PVALUES)) == (set(GLOBAL), set(WAYS))


def test_every_option_of_a_monitor_is_a_setting_with_its_default() -> None:
    from inspect import signature

    from driftwatch.monitor import Monitor

    elsewhere = {"features": "include", "schema": "features", "per_feature": "features"}
    options = {name: option.default for name, option in signature(Monitor).parameters.items()}
    del options["reference"], options["keep_rows"]  # the data, and what the command line does with them
    assert {name for name in options if not hasattr(Settings(), elsewhere.get(name, name))} == set()
    defaults = {name: getattr(Settings(), elsewhere.get(name, name)) or None for name in options}
    assert defaults == {name: default or None for name, default in options.items()}


def test_roles_and_tasks_are_those_of_the_library() -> None:
    from driftwatch.arrays.schema import Role
    from driftwatch.performance import Task

    assert list(ROLES) == list(Role)
    assert list(TASKS) == list(Task)


def test_options_of_the_performance_are_those_of_the_monitor() -> None:
    from driftwatch.config.keys import PERFORMANCE_KEYS
    from driftwatch.performance.comparison import OPTIONS

    assert {*PERFORMANCE_KEYS, "min_drop"} == set(OPTIONS)


def test_smallest_drop_may_differ_by_metric(tmp_path: Path) -> None:
    assert from_toml(tmp_path, "performance.min_drop = { f1 = 0.1 }").performance == {"min_drop": {"f1": 0.1}}


def test_roles_and_performance_in_a_variable() -> None:
    assert from_variable("ROLE", "score=prediction,y=target").roles == {"score": "prediction", "y": "target"}
    found = from_variable("PERFORMANCE", 'task=labels,min_drop=0.1,positive=1,"metrics=f1,accuracy"').performance
    assert found == {"task": "labels", "min_drop": 0.1, "positive": "1", "metrics": ("f1", "accuracy")}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('roles = { y = "label" }', r'`roles\.y` in .* must be one of "feature", "prediction", "target"'),
        ("roles = 3", "must be a table of columns and their roles; got 3"),
        ("performance = 3", "must be a table of options; got 3"),
        ('performance = { task = "ranking" }', 'must be one of "scores", "labels", "regression"; got \'ranking\''),
        (
            "performance = { min_drop = { f1 = -1 } }",
            r"`performance\.min_drop\.f1` in .* must be a number of 0 or more",
        ),
        ("performance = { positive = [1] }", "must be a class of the target"),
        ("performance = { treshold = 1 }", r"unknown option of the performance.*did you mean 'threshold'"),
    ],
)
def test_wrong_roles_and_performance_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        from_toml(tmp_path, text)


def test_options_of_a_feature_are_those_of_the_monitor() -> None:
    from driftwatch.monitor import Monitor

    given = FeatureSettings(
        kind="numeric", min_effect=0.1, thresholds={"psi": 0.2}, ignore=False, weight=2.0, role="prediction"
    ).given()
    assert set(given) == {*FEATURE_KEYS, "thresholds"}
    Monitor({"price": range(20)}, per_feature={"price": given})  # refuses an option that it does not know


def test_excluded_feature_keeps_its_other_options() -> None:
    settings = Settings(exclude=("price",), features={"price": FeatureSettings(weight=2.0)})
    assert settings.per_feature() == {"price": {"weight": 2.0, "ignore": True}}


def test_key_names_are_quoted_as_toml_reads_them(tmp_path: Path) -> None:
    name = 'tab\tquote"back\\slash\x7f.é'
    from driftwatch.config.origin import dotted

    path = ("features", name, "weight")
    assert tomllib.loads(f"{dotted(path)} = 1")["features"] == {name: {"weight": 1}}
    assert from_toml(tmp_path, f"{dotted(path)} = 1").features == {name: FeatureSettings(weight=1.0)}
