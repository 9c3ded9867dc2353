"""Letters about a student's documents."""

from provider.accounts.models import Person
from provider.documents.models import StudentDocument
from provider.documents.rules import DocumentKind
from provider.mail.rules import Letter, Mailbox, Value


def refused(document: StudentDocument) -> Letter:
    """Word that a document was not accepted, why, and what to do."""
    return _letter("document_refused", document.person, document.reference, _of(document) | {"why": document.refusal})


def complete(document: StudentDocument, kinds: list[DocumentKind]) -> Letter:
    """Word that the last document that was missing is accepted, so that nothing is missing any more."""
    values: dict[str, Value] = {"documents": [kind.label for kind in kinds]}
    return _letter("documents_complete", document.person, document.reference, _of(document) | values)


def expires(document: StudentDocument, event: str, *, reasons: list[str]) -> Letter:
    """Word that a document that is needed will not be good for long, and what to do by when."""
    values: dict[str, Value] = {"reasons": list(reasons)}
    return _letter("document_expires", document.person, event, _of(document) | values)


def expired(document: StudentDocument, *, reasons: list[str]) -> Letter:
    """Word that a document that is needed is not good any more, and what to do."""
    values: dict[str, Value] = {"reasons": list(reasons)}
    return _letter("document_expired", document.person, document.reference, _of(document) | values)


def _of(document: StudentDocument) -> dict[str, Value]:
    return {
        "name": document.person.name,
        "document": document.kind.label,
        "reference": document.reference,
        "expires_on": document.expires_on.isoformat() if document.expires_on else None,
        "documents_path": "/my/externship/documents",
        "upload_path": f"/my/externship/documents/upload?kind={document.kind.value}",
    }


def _letter(template: str, person: Person, event: str, values: dict[str, Value]) -> Letter:
    return Letter(
        template=template,
        recipient=person.email,
        event=event,
        about=person.reference,
        values=values,
        mailbox=Mailbox.EXTERNSHIP,
    )
