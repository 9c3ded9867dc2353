"""Filing people under their words, so that staff find them."""

from provider.accounts.models import Person
from provider.accounts.rules import SEARCH_KIND
from provider.search.actions import file_anew
from provider.search.rules import phone_words


def file_person(person: Person) -> None:
    """Make a person findable by what is known of them now; whoever changes name, address or telephone calls it."""
    texts = [person.name, person.email, person.reference, *phone_words(person.phone)]
    file_anew(kind=SEARCH_KIND, subject_id=person.id, texts=texts)
