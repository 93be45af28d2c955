"""The report as JUnit XML, for any CI."""

from __future__ import annotations

import os
import re
from pathlib import Path
from xml.etree import ElementTree

from tfq.parity.report import ABSENT, KerasResult, Report, RuntimeResult
from tfq.parity.table import keras_line, runtime_line, text

# XML 1.0 has no way to write these.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(report: Report, path: str | os.PathLike) -> None:
    """Writes the file; `skipped` where a runtime is not available here, `failure` for any other result but equal."""
    cases = [_runtime_case(report, result) for result in report.runtimes]
    if report.keras is not None:
        cases.append(_keras_case(report, report.keras))
    counts = {tag: sum(case.find(tag) is not None for case in cases) for tag in ("failure", "skipped")}
    suite = ElementTree.Element(
        "testsuite",
        name="tfq.parity",
        tests=str(len(cases)),
        failures=str(counts["failure"]),
        skipped=str(counts["skipped"]),
        errors="0",
    )
    suite.extend(cases)
    ElementTree.SubElement(suite, "system-out").text = _clean(text(report))
    root = ElementTree.Element("testsuites")
    root.append(suite)
    Path(path).write_bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _runtime_case(report: Report, result: RuntimeResult) -> ElementTree.Element:
    case = _case(report, result.runtime)
    if result.status == ABSENT:
        ElementTree.SubElement(case, "skipped", message=_clean(result.reason))
    elif not result.ok:
        _fail(case, result.status, runtime_line(result))
    return case


def _keras_case(report: Report, result: KerasResult) -> ElementTree.Element:
    case = _case(report, "keras")
    if not result.ok:
        _fail(case, "differs", keras_line(result))
    return case


def _case(report: Report, name: str) -> ElementTree.Element:
    return ElementTree.Element("testcase", classname=_clean(report.model), name=name)


def _fail(case: ElementTree.Element, kind: str, line: str) -> None:
    ElementTree.SubElement(case, "failure", type=kind, message=_clean(line)).text = _clean(line)


def _clean(words: str) -> str:
    return _FORBIDDEN.sub("?", words)
