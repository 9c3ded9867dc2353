"""Papers as PDF: a typst template and plain data in, a tagged PDF that screen readers can follow (PDF/UA-1) out."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import fontpkg_public_sans

_ROOMS = Path(__file__).parent.parent
_NO_GLYPH = "could not be displayed"


def render(template: str, data: Mapping[str, Any]) -> bytes:
    """Return the PDF of a room's template (``payments/receipt.typ``) with its data.

    The template reads it by ``json(bytes(sys.inputs.data))``. The data is text, never markup: what a person typed is
    printed as typed. It takes about 0.1 s, so call it outside of a unit of work. Fonts of the machine fill in for
    scripts that Public Sans lacks; where none has a character, the paper still comes out tagged, only without the claim
    of PDF/UA, which forbids a missing one.
    """
    from typst import TypstError  # noqa: PLC0415 - 40 MB that only printing a paper needs

    try:
        return _compiled(_ROOMS / template, data, ["ua-1"])
    except TypstError as error:
        if _NO_GLYPH not in str(error):
            raise
        return _compiled(_ROOMS / template, data, [])


def _compiled(template: Path, data: Mapping[str, Any], standards: list[Literal["ua-1"]]) -> bytes:
    import typst  # noqa: PLC0415 - as above

    return typst.compile(
        template,
        format="pdf",
        root=_ROOMS,
        font_paths=[fontpkg_public_sans.ROOT / "files"],
        sys_inputs={"data": json.dumps(data)},
        pdf_standards=[*standards],
    )
