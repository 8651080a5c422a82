"""The house: the map in the package's docstring, the rooms, and their docstrings."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import kg_server

PACKAGE = Path(kg_server.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
RIDDLES = ("What", "Which", "Where", "How", "Whether", "Who", "When", "Of")


@cache
def tree(module: Path) -> ast.Module:
    return ast.parse(module.read_text("utf-8"))


def docstring(module: Path) -> str:
    return ast.get_docstring(tree(module)) or ""


def test_the_map_names_every_room_and_every_module_beside_them():
    named = set(re.findall(r"``(\w+)``", kg_server.__doc__ or ""))
    there = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py"}
    there |= {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}

    assert there - {"__init__", "__main__"} == named


def test_the_map_says_what_is_public():
    assert "No module\nis public" in (kg_server.__doc__ or "")


def test_every_module_says_what_it_holds_beginning_with_a_noun():
    assert len(MODULES) > 100
    first_words = {module: docstring(module).split(" ", 1)[0] for module in MODULES}

    assert [module for module, word in first_words.items() if not word or word in RIDDLES] == []


def test_no_docstring_begins_as_a_question():
    begun = re.compile(rf'^ *"""(?:{"|".join(RIDDLES)}) .*', re.MULTILINE)

    assert [
        f"{module.relative_to(PACKAGE)}: {match[0].strip()}"
        for module in MODULES
        for match in begun.finditer(module.read_text("utf-8"))
    ] == []


def test_a_constructor_takes_more_than_three_values_by_keyword_only():
    nodes = [(module, node) for module in MODULES for node in ast.walk(tree(module))]
    classes = {node.name for _, node in nodes if isinstance(node, ast.ClassDef)}

    assert len(classes) > 100
    assert [
        f"{module.relative_to(PACKAGE)}:{node.lineno}: {ast.unparse(node.func)}"
        for module, node in nodes
        if isinstance(node, ast.Call)
        and len(node.args) > 3
        and ast.unparse(node.func).split(".")[-1] in classes
    ] == []


def test_no_module_is_imported_by_string():
    texts = {module: module.read_text("utf-8") for module in MODULES}

    assert [module for module, text in texts.items() if "import_module" in text] == []


def test_few_modules_stand_at_the_top():
    assert len([path for path in PACKAGE.glob("*.py") if "__" not in path.name]) <= 9


def test_a_backend_is_named_in_its_own_module_and_in_the_table_only():
    naming = [module for module in MODULES if "OxigraphStore" in module.read_text("utf-8")]

    assert naming == [PACKAGE / "store" / "__init__.py", PACKAGE / "store" / "oxigraph.py"]
