"""Invented people: names as they are met in the United States, towns that exist, addresses that lead nowhere."""

import random
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

DOMAINS = ("example.org", "example.com", "example.net")

_TABLE = """
Aaliyah Brooks|GA|30303
Adriana Castillo Ruiz|TX|78205
Aiyana Begay|NM|87102
Alejandro Peña|AZ|85004
Amara Okonkwo|MD|21201
Ana Beatriz Ferreira|MA|02740
Andre Whitlock|OH|43215
Anh Nguyễn|TX|77002
Anjali Deshpande|NJ|08817
Ayaan Warsame|MN|55404
Bethany Kowalczyk|IL|60608
Binh Trần|LA|70112
Brianna Tsosie|AZ|86001
Callum Fraser|ME|04101
Camila Restrepo|FL|33125
Carmen Delgado|NY|10451
Chidi Eze|NC|27601
Chloé Thibodeaux|LA|70501
Daniela Moreau|RI|02903
Darnell Hughes|MI|48226
Devika Pillai|WA|98101
Dmitri Volkov|PA|19103
Ebony Tate|TN|38103
Eleni Papadakis|IL|60607
Elijah Freeman|SC|29201
Esperanza Guzmán|NV|89101
Fatima El-Amin|MI|48126
Fiona MacLeod|VT|05401
Folasade Adeyemi|TX|77036
Gabriel Santos|CT|06106
Grace Lindqvist|MN|55802
Guadalupe Ortega|CA|93721
Habiba Rahman|NY|11372
Hana Suzuki|HI|96813
Hiroshi Tanabe|WA|98402
Imani Washington|VA|23219
Ingrid Solberg|ND|58102
Isaac Yellowhorse|SD|57701
Jamal Carter|MO|63103
Jasmine Patel|NJ|07306
Jean-Baptiste Pierre|FL|33138
Jesús Alvarado|CO|80204
Kaitlyn O’Rourke|PA|18503
Kamala Thapa|NE|68102
Keoni Kahananui|HI|96720
Khadija Osman|OH|43211
Latoya Simmons|AL|35203
Leilani Fonoti|UT|84104
Linh Phạm|OR|97206
Luca Moretti|NY|10301
Mahmoud Darwish Saleh|IL|60453
Maia Sanchez-Reyes|NM|88001
Malik Jefferson|WI|53206
Marisol Vega|PR|00901
Mei-Ling Chou|OR|97201
Mohini Chatterjee|IA|50309
Naomi Goldberg|CT|06511
Nadia Haddad|KY|40202
Noor Siddiqui|IN|46204
Obinna Nwosu|DE|19801
Olena Kovalenko|WA|98003
Paloma Herrera|KS|66101
Patrick Nakamura|ID|83702
Quynh Đỗ|OK|73106
Rachel Abramowitz|NH|03101
Samuel Tesfaye|DC|20001
Siobhan Gallagher|MA|02127
Tasha Blackwood|AR|72201
Tomasz Zieliński|IL|60634
Xiomara Fuentes|FL|33012
Yusuf Demir|NJ|07503
Zainab Bello|MS|39201
"""
_LETTERS = {"đ": "d", "Đ": "D", "ł": "l", "’": ""}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who could be a student; phone numbers are of the 555-01 range, which nobody has."""

    name: str
    state: str
    zip: str
    email: str
    phone: str


def people(chance: random.Random) -> Sequence[Person]:
    """Return everybody, in an order of chance."""
    rows = _TABLE.strip().splitlines()
    chance.shuffle(rows)
    return [person(row, chance) for row in rows]


def person(row: str, chance: random.Random) -> Person:
    """Return somebody by name, state and ZIP code."""
    name, state, zip_code = row.split("|")
    return Person(name, state, zip_code, _address(name, chance), f"(555) 010-{chance.randrange(100, 200):04d}")


def _address(name: str, chance: random.Random) -> str:
    """Return the first and last name as an address of a domain that is kept for examples."""
    plain = "".join(_LETTERS.get(letter, letter) for letter in name)
    ascii_only = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode().lower().split()
    return f"{ascii_only[0]}.{ascii_only[-1]}@{chance.choice(DOMAINS)}"
