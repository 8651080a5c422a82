"""Forms in the body of a request, decoded as fast as parameters of the SPARQL protocol."""

from __future__ import annotations

from typing import IO, Any

from flask import Request
from werkzeug.formparser import FormDataParser

from kg_server.errors import BadRequest
from kg_server.sparql import protocol


class _FormReader(FormDataParser):
    """Reader of forms.

    Werkzeug (3.1) cuts a form at each percent sign and joins the pieces. That takes 0.1 s for a
    megabyte, and for much of it no other thread can run.
    """

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> Any:
        """Return the stream, the parameters, and the files.

        Raises:
            BadRequest: the form is not UTF-8, or has over 1,000 parameters.
        """
        if mimetype != protocol.FORM:
            return super().parse(stream, mimetype, content_length, options)
        try:
            text = stream.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise BadRequest(f"The body is not UTF-8: byte {error.start} is wrong.") from error
        return stream, self.cls(protocol.decode(text)), self.cls()


class FormRequest(Request):
    """Flask's request with this reader of forms."""

    form_data_parser_class = _FormReader
