"""Every check of the project, each in a virtual environment of its own: `nox` runs lint, types and tests."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"  # an environment in seconds where uv is there
nox.options.error_on_missing_interpreters = True
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "types", "tests"]

PROJECT = nox.project.load_toml("pyproject.toml")
LOWEST_PYTHON = PROJECT["project"]["requires-python"].removeprefix(">=")
PIP = "virtualenv"  # uv does not look where pip is told to look for the wheels of PyTorch
# each has a session of its own, whatever is installed here
ELSEWHERE = [f"--ignore=tests/{part}" for part in ("services", "release", "pages", "explain_models")]
# The tutorials by the numbers of their files: two need libraries that only `backends` installs
TUTORIALS, TUTORIALS_OF_BACKENDS = ("01", "02", "03", "06", "07"), ("04", "05")
REQUIREMENT_WITH_FLOOR = re.compile(r"(?P<name>[\w.-]+)>=(?P<floor>[\w.]+)")


def group(*names: str) -> list[str]:
    """Return the requirements of the named dependency groups."""
    return list(nox.project.dependency_groups(PROJECT, *names))


def pinned_to_floor(requirements: list[str]) -> list[str]:
    """Return each `name>=version` as `name==version`, so that the floors stand in pyproject.toml alone."""
    pins = []
    for requirement in requirements:
        found = REQUIREMENT_WITH_FLOOR.fullmatch(requirement)
        if found is None:
            raise ValueError(f"wanted `name>=version`, got {requirement!r}: tests_min needs a floor to pin it to")
        pins.append(f"{found['name']}=={found['floor']}")
    return pins


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff: rules and formatting. Zizmor: whether a workflow, or the action, can be turned against us."""
    session.install(*group("lint"))
    session.run("ruff", "check", *(session.posargs or ["."]))
    session.run("ruff", "format", "--check", *(session.posargs or ["."]))
    session.run("zizmor", "--offline", "--strict-collection", "--persona=pedantic", "--quiet", ".github", "action.yml")


@nox.session
def types(session: nox.Session) -> None:
    """Mypy, strict, on the package and its tests."""
    session.install("-e", ".[cli]", *group("types", "tests"))
    session.run("mypy", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run all tests with branch coverage; arguments after `--` go to pytest and lift the coverage floor."""
    session.install("-e", ".[cli,sklearn,safetensors]", *group("tests"))
    selected = [*session.posargs, "--cov-fail-under=0"] if session.posargs else []
    session.run("pytest", "--numprocesses=auto", "--cov", "--cov-report=term", *ELSEWHERE, *selected)


@nox.session(python=LOWEST_PYTHON)
def tests_min(session: nox.Session) -> None:
    """Run all tests on the lowest Python with the lowest version of every core, cli and dataframe dependency."""
    metadata = PROJECT["project"]
    extras = metadata["optional-dependencies"]
    brought = [
        requirement for extra in ("cli", "sklearn", "safetensors", "prometheus") for requirement in extras[extra]
    ]
    pins = pinned_to_floor([*metadata["dependencies"], *brought, *group("frames")])
    session.install("-e", ".[cli,sklearn,safetensors]", *group("tests"), *pins)
    session.run("pytest", "--numprocesses=auto", *ELSEWHERE, *session.posargs)


@nox.session(venv_backend=PIP)
def backends(session: nox.Session) -> None:
    """Run the contract suite on PyTorch and JAX, on the CPU; arguments after `--` go to pytest."""
    session.install("-e", ".[cli,plot]", *group("tests", "backends", "notebooks"))
    selected = session.posargs or [
        "--numprocesses=auto",
        "tests/libraries",
        "tests/ops/test_primitives.py",
        "tests/test_backends_page.py",
    ]
    # Compiled code runs once for each shape here: the time is the compiler's.
    session.run("pytest", "--backend=torch", "--backend=jax", *selected, env={"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"})
    if not session.posargs:
        session.run("python", "docs/generate_tutorials.py", "--check", *TUTORIALS_OF_BACKENDS)


@nox.session
def notebooks(session: nox.Session) -> None:
    """Run the tutorials as notebooks, and compare the pages with what they gave; `-- NAME` runs one and writes its page."""
    session.install("-e", ".[cli,plot]", *group("notebooks"))
    session.run("python", "docs/generate_tutorials.py", *(session.posargs or ["--check", *TUTORIALS]))


@nox.session
def streams(session: nox.Session) -> None:
    """Streams on a real redis-server, which must be installed, and on librdkafka's mock of Kafka; with kill -9."""
    session.install("-e", ".[cli,redis,kafka]", *group("tests"))
    session.run("pytest", *(session.posargs or ["tests/brokers"]))


@nox.session
def clusters(session: nox.Session) -> None:
    """Run the tests of the adapters on local clusters of Dask and Spark, which needs Java 17."""
    session.install("-e", ".[cli,dask,spark]", *group("tests"))
    session.run("pytest", *(session.posargs or ["tests/clusters"]))


@nox.session
def services(session: nox.Session) -> None:
    """What runs in production on real servers of this machine, which must be installed: PostgreSQL, Prometheus."""
    session.install("-e", ".[cli,sklearn,postgres,apprise]", *group("tests", "services"))
    session.run("pytest", *(session.posargs or ["tests/services"]))


@nox.session
def explain(session: nox.Session) -> None:
    """Contributions of real models, beside those of shap: LightGBM, XGBoost, CatBoost and trees of scikit-learn."""
    session.install("-e", ".[sklearn,shap]", *group("models"))
    session.run("pytest", *(session.posargs or ["tests/explain_models"]), env={"DRIFTWATCH_EXPLAIN": "1"})


@nox.session
def pages(session: nox.Session) -> None:
    """Run what people look at in a real Chromium, which must be installed; Node and npm too, for what drives it."""
    session.install("-e", ".[cli,dashboard,streamlit]", *group("tests"))
    session.run("pytest", *(session.posargs or ["tests/pages"]))


@nox.session
def mlflow(session: nox.Session) -> None:
    """Reports in a real MLflow server and in an SQLite store. The full MLflow is large, and holds others back."""
    session.install("-e", ".[mlflow]", *group("tests", "mlflow"))
    session.run("pytest", *(session.posargs or ["tests/services/mlflow"]), env={"MLFLOW_DISABLE_TELEMETRY": "true"})


@nox.session
def cupy(session: nox.Session) -> None:
    """Check CuPy's dispatch and CUDA text without a GPU: the wheel is 200 MB."""
    session.install("-e", ".[cli]", *group("tests", "cupy"))
    session.run("pytest", "--backend=cupy", *(session.posargs or ["tests/libraries/test_cupy_dispatch.py"]))


@nox.session(venv_backend=PIP)
def gpu(session: nox.Session) -> None:
    """On a CUDA machine: the contract suite and the benchmarks on its GPU, and docs/gpu.md with what they say."""
    session.install("-e", ".[cli]", *group("tests", "backends", "cupy", "gpu"))
    asked = ["--backend=torch", "--backend=jax", "--backend=cupy"]
    session.run("pytest", *asked, "tests/libraries", "tests/ops/test_primitives.py")
    session.run("python", "benchmarks/gpu.py", "--write", "docs/gpu.md", *session.posargs)


@nox.session(venv_backend="virtualenv")  # with pip, as most users have it
def demo(session: nox.Session) -> None:
    """Install the way a user does, not editable and without the test tools, and run the demo."""
    session.install(".[cli]")
    session.run("driftwatch", "--version")
    session.run("driftwatch", "demo", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Run the benchmarks; timings live here and never in tests. Without arguments the page of the docs is rewritten."""
    session.install(".[cli]", *group("bench"))
    figures = "docs/assets/benchmarks.json"
    session.run("python", "benchmarks/run.py", *(session.posargs or ["--json", figures]))
    if not session.posargs or figures in session.posargs:
        session.run("python", "docs/generate_benchmarks.py")


@nox.session
def calibration(session: nox.Session) -> None:
    """Simulate the error rates that the docs state. Without arguments the page of the docs is rewritten."""
    session.install(".[cli]", *group("bench"))
    rates = "docs/assets/calibration.json"
    session.run("python", "benchmarks/calibration.py", *(session.posargs or ["--json", rates]))
    if not session.posargs or rates in session.posargs:
        session.run("python", "docs/generate_calibration.py")


@nox.session(venv_backend=PIP)
def bench_backends(session: nox.Session) -> None:
    """Time every override for PyTorch and JAX against the definition that it replaces."""
    session.install(".[cli]", *group("backends"))
    session.run("python", "benchmarks/ops_backends.py", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into `site/`; any warning, such as a broken link, is an error. Its successor builds it too."""
    session.install(*group("docs"))
    beside = Path(session.create_tmp()).resolve() / "zensical"
    if not session.posargs:
        shutil.rmtree(beside, ignore_errors=True)
        session.run("zensical", "build", "--strict")
        shutil.move("site", beside)
    session.run("mkdocs", "build", "--strict", *session.posargs, env={"NO_MKDOCS_2_WARNING": "1"})
    if not session.posargs:
        session.run("python", "docs/compare_sites.py", "site", str(beside))


@nox.session
def build(session: nox.Session) -> None:
    """Build the wheel and the source distribution into `dist/`, and what comes with them into `sbom/`."""
    write_release(session, Path("dist"), Path("sbom"))


@nox.session
def release(session: nox.Session) -> None:
    """Build, and look at what was built: in clean environments of every Python found here; arguments go to pytest."""
    folder = Path(session.create_tmp())
    dist, sbom = folder / "dist", folder / "sbom"
    write_release(session, dist, sbom)
    session.run("twine", "check", "--strict", *map(str, dist.iterdir()))
    session.run("check-wheel-contents", str(dist))
    # by itself: the tests of the package bring its dependencies, and these run without them
    alone = ["--confcutdir=tests/release", f"--dist={dist}", f"--sbom={sbom}"]
    paths = [] if any(word.startswith("tests") for word in session.posargs) else ["tests/release"]
    # below the folder of the project a test could find its source
    with TemporaryDirectory(prefix="driftwatch-release-") as outside:
        slowest = ["--durations=10", "--durations-min=5", f"--basetemp={outside}/tests"]
        session.run("pytest", *alone, *slowest, *session.posargs, *paths)


def write_release(session: nox.Session, dist: Path, sbom: Path) -> None:
    """Write the two distributions, whose bytes are those of the commit, and the bill of materials of a core install."""
    session.install(*group("release"))
    for folder in (dist, sbom):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    asked = ["git", "log", "-1", "--format=%ct"]
    changed = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
    dated = {"SOURCE_DATE_EPOCH": changed} if changed else {}  # without git, that of hatchling, a constant
    session.run("python", "-m", "build", "--no-isolation", f"--outdir={dist}", env=dated)

    (wheel,) = dist.glob("*.whl")
    core = Path(session.create_tmp()) / "core"
    session.run("virtualenv", "--clear", "--no-seed", "--quiet", str(core), silent=True)
    session.run("uv", "pip", "install", "--quiet", "--python", str(core / "bin" / "python"), str(wheel))
    written = sbom / f"driftwatch-{PROJECT['project']['version']}.cdx.json"
    session.run(
        *("cyclonedx-py", "environment", str(core / "bin" / "python")),
        *("--pyproject=pyproject.toml", "--mc-type=library", "--output-reproducible", f"--output-file={written}"),
        env=dated,
    )
