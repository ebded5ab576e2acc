"""What no source file of the program may contain."""

import ast
import re

from tests.architecture.sources import Source, called, dotted, sources

BROAD = {"", "Exception", "BaseException"}


def test_that_there_are_sources_to_look_at():
    assert {source.name.split("/")[0] for source in sources()} == {"vpns_engine", "vpns_gui"}


def test_that_only_the_application_runs_an_event_loop():
    found = _calls(r"(^|\.)exec_?$")
    assert [place for place in found if not place.startswith("vpns_gui/app.py")] == []


def test_that_no_events_are_pumped_by_hand_and_nothing_is_terminated():
    assert _calls(r"\.(processEvents|terminate|setTerminationEnabled)$") == []


def test_that_no_code_is_read_from_data():
    assert _calls(r"^(builtins\.)?(eval|exec|compile|__import__)$") == []
    assert _calls(r"(^|\.)(pickle\.(load|loads)|Unpickler)$") == []
    assert _imports("marshal", "shelve", "dill", "joblib", "cloudpickle") == []


def test_that_torch_reads_weights_only():
    found = [
        source.at(call)
        for source in sources()
        for call in source.calls()
        if re.search(r"(^|\.)(torch|hub)\.(load|load_state_dict_from_url)$", called(call)) and not _weights_only(call)
    ]
    assert found == []


def test_that_no_shell_is_started():
    found = [
        source.at(call)
        for source in sources()
        for call in source.calls()
        if called(call) in ("os.system", "os.popen") or any(word.arg == "shell" for word in call.keywords)
    ]
    assert found == []


def test_that_only_drive_catches_everything():
    found = [
        source.at(handler)
        for source in sources()
        if source.name != "vpns_engine/drive.py"
        for handler in ast.walk(source.tree)
        if isinstance(handler, ast.ExceptHandler) and _broad(handler) and not _raises_again(handler)
    ]
    assert found == []


def test_that_nothing_waits_by_sleeping_in_the_window_or_the_tests():
    assert _calls(r"(^|\.)(sleep|msleep|qSleep|qWait)$", "vpns_gui", "tests") == []


def test_that_every_module_says_what_it_is():
    assert [source.name for source in sources() if not _first_line(source)] == []


def test_that_every_public_class_and_function_has_a_docstring():
    found = [
        f"{source.at(node)} {node.name}"
        for source in sources()
        for node in _public(source.tree.body)
        if not ast.get_docstring(node)
    ]
    assert found == []


def test_that_nothing_is_left_to_do_in_a_comment():
    found = [source.name for source in sources() if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", source.text)]
    assert found == []


def _calls(pattern: str, *folders: str) -> list[str]:
    return [
        f"{source.at(call)} {called(call)}"
        for source in sources(*folders)
        for call in source.calls()
        if re.search(pattern, called(call))
    ]


def _imports(*names: str) -> list[str]:
    found = []
    for source in sources():
        for node in ast.walk(source.tree):
            match node:
                case ast.Import():
                    modules = [alias.name for alias in node.names]
                case ast.ImportFrom():
                    modules = [node.module or ""]
                case _:
                    continue
            found += [f"{source.at(node)} {module}" for module in modules if module.split(".")[0] in names]
    return found


def _weights_only(call: ast.Call) -> bool:
    return any(
        word.arg == "weights_only" and isinstance(word.value, ast.Constant) and word.value.value is True
        for word in call.keywords
    )


def _broad(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or dotted(kind).split(".")[-1] in BROAD for kind in kinds)


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def _first_line(source: Source) -> str:
    if source.name.endswith("/__init__.py") and not source.tree.body:
        return "empty"
    return (ast.get_docstring(source.tree) or "").strip().split("\n")[0]


def _public(body: list[ast.stmt]) -> list[ast.ClassDef | ast.FunctionDef]:
    return [node for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_")]
