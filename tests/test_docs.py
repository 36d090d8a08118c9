"""What the documents claim can be looked up."""

import re
from pathlib import Path

import playground

ROOT = Path(__file__).parent.parent


def test_every_test_that_security_names_exists():
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "SECURITY.md").read_text("utf-8")))
    assert len(named) > 30
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert named - set(re.findall(r"def (test_\w+)", source)) == set()


def test_the_readme_is_short_and_its_links_lead_somewhere():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert readme.count("\n") <= 120
    for target in re.findall(r"\]\(([^)#]+)\)", readme):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_the_files_on_the_way_of_a_request_are_where_the_package_says():
    named = re.findall(r"[\w/]+\.py\b", playground.__doc__)
    assert len(named) > 20
    roots = (ROOT / "playground", ROOT)
    assert [name for name in named if not any((root / name).exists() for root in roots)] == []


def test_no_file_of_the_project_holds_a_key():
    key = re.compile(rb"sk-ant-(?:api|admin|oat)\d\d-[A-Za-z0-9_-]{20,}")
    folders = ["playground", "tests", "docs", ".streamlit", ".ci"]
    found = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    files = [path for path in [*ROOT.iterdir(), *found] if path.is_file()]
    assert len(files) > 200
    # Python joins the parts of a made-up key when it compiles a test.
    own = [path for path in files if path.name != "secrets.toml" and path.suffix != ".pyc"]
    assert [path.name for path in own if key.search(path.read_bytes())] == []
