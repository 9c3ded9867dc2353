"""Where the demonstration's graduates go: sites that are invented, in towns that exist, and what they agreed to."""

from collections.abc import Sequence
from dataclasses import dataclass

from provider.affiliations.rules import Pattern, SiteKind, mask
from provider.affiliations.sites import ContactFacts, LocationFacts
from provider.documents.rules import DocumentKind

# What the school goes on asking everybody for; the rest of the sample is ended in the first week.
ASKED_FOR = (
    DocumentKind.TB,
    DocumentKind.HEPATITIS_B,
    DocumentKind.MMR,
    DocumentKind.INFLUENZA,
    DocumentKind.BACKGROUND_CHECK,
    DocumentKind.CPR_CARD,
    DocumentKind.HIPAA_TRAINING,
)
DAYTIME = Pattern(mask(range(5)), 8 * 60, 16 * 60 + 30)
EARLY = Pattern(mask(range(5)), 6 * 60 + 30, 15 * 60)
BOTH = ("CCMA", "CPT")


@dataclass(frozen=True, slots=True)
class Contract:
    """An affiliation agreement by how far it came, and the days before (negative) or after now that it is for."""

    state: str
    first: int
    last: int
    renewed_until: int | None = None


@dataclass(frozen=True, slots=True)
class Offered:
    """Places at a location: the weeks before (negative) or after this one, Monday of the first to Friday of the last.

    ``since`` is how many days ago it was entered, and ``own`` says that the site did that itself, by its link.
    """

    key: str
    program: str
    at: str
    weeks: tuple[int, int]
    capacity: int
    pattern: Pattern = DAYTIME
    since: int = 80
    own: bool = False
    bring: str | None = None


@dataclass(frozen=True, slots=True)
class Supplier:
    """A site with everything it has; the first contact signs."""

    key: str
    name: str
    kind: SiteKind
    programs: tuple[str, ...]
    locations: Sequence[LocationFacts]
    contacts: Sequence[ContactFacts]
    contract: Contract
    openings: Sequence[Offered] = ()
    notes: str | None = None


def _who(name: str, title: str, email: str, *, signs: bool = False) -> ContactFacts:
    return ContactFacts(name, email, title, "(555) 010-0170", supervises=True, signs=signs)


SCRUBS = "Scrubs in navy blue and closed shoes.\nA watch with a second hand."
BADGE = "Your badge from the front desk, closed shoes, and something to eat."
SUPPLIERS = (
    Supplier(
        "harbor", "Harbor Point Medical Center", SiteKind.HOSPITAL, BOTH,
        (
            LocationFacts("Main building", "40 Cooper Place", "New York", "NY", "10003"),
            LocationFacts("Downtown Brooklyn pavilion", "9 Ferry Street", "Brooklyn", "NY", "11201"),
        ),
        (
            _who("Maureen Castellano", "Director of nursing education", "m.castellano@harborpoint.example", signs=True),
            _who("Odalys Ferrer", "Charge nurse", "o.ferrer@harborpoint.example"),
        ),
        Contract("in force", -260, 470),
        (
            Offered("harbor first", "CCMA", "Main building", (-7, -2), 4, bring=SCRUBS),
            Offered("harbor now", "CCMA", "Main building", (-2, 4), 2, since=60, bring=SCRUBS),
            Offered("harbor next", "CCMA", "Downtown Brooklyn pavilion", (2, 9), 8, since=30, bring=SCRUBS),
        ),
        notes="Call before nine. The elevator to the fourth floor needs the badge.",
    ),
    Supplier(
        "juniper", "Juniper Street Clinic", SiteKind.CLINIC, BOTH,
        (LocationFacts("Clinic", "212 Juniper Street", "Elmhurst", "NY", "11373"),),
        (_who("Rosalind Achebe", "Practice manager", "rosalind@juniperclinic.example", signs=True),),
        Contract("in force", -120, 300),
        (
            Offered("juniper first", "CCMA", "Clinic", (-7, -2), 1),
            Offered("juniper now", "CCMA", "Clinic", (-4, 2), 1, since=60),
            Offered("juniper next", "CCMA", "Clinic", (1, 8), 1, since=25),
        ),
    ),
    Supplier(
        "tri-county", "Tri-County Laboratories", SiteKind.LAB, ("CPT",),
        (
            LocationFacts("Newark draw station", "18 Lock Street", "Newark", "NJ", "07102"),
            LocationFacts("New Brunswick draw station", "77 Carriage Road", "New Brunswick", "NJ", "08901"),
            LocationFacts("White Plains draw station", "5 Orchard Parkway", "White Plains", "NY", "10601"),
        ),
        (
            _who("Vikram Nadkarni", "Laboratory director", "v.nadkarni@tricountylabs.example", signs=True),
            _who("Teodora Ilić", "Lead phlebotomist", "t.ilic@tricountylabs.example"),
        ),
        Contract("in force", -330, 200),
        (
            Offered("newark first", "CPT", "Newark draw station", (-6, -2), 2, EARLY),
            Offered("plains now", "CPT", "White Plains draw station", (-1, 4), 2, EARLY, since=40, bring=BADGE),
            Offered("brunswick next", "CPT", "New Brunswick draw station", (1, 6), 2, EARLY, since=20, bring=BADGE),
            Offered("newark next", "CPT", "Newark draw station", (2, 7), 3, EARLY, since=20, bring=BADGE),
        ),
    ),
    Supplier(
        "old mill", "Old Mill Clinic", SiteKind.CLINIC, ("CCMA",),
        (LocationFacts("Clinic", "3 Mill Lane", "Yonkers", "NY", "10701"),),
        (_who("Gerald Whitmore", "Owner", "office@oldmillclinic.example", signs=True),),
        Contract("in force", -400, 240),
        (Offered("mill now", "CCMA", "Clinic", (-2, 5), 2, since=50),),
    ),
    Supplier(
        "sound shore", "Sound Shore Family Care", SiteKind.CLINIC, BOTH,
        (LocationFacts("New Rochelle office", "160 Sound Avenue", "New Rochelle", "NY", "10801"),),
        (_who("Beatriz Amorim", "Office manager", "beatriz@soundshorecare.example", signs=True),),
        Contract("in force", -340, 25, renewed_until=391),
        (Offered("shore next", "CCMA", "New Rochelle office", (2, 9), 2, since=15),),
    ),
    Supplier(
        "prairie", "Prairie Avenue Hospital", SiteKind.HOSPITAL, BOTH,
        (
            LocationFacts("Main campus", "2400 Prairie Avenue", "Chicago", "IL", "60616"),
            LocationFacts("Oak Lawn campus", "88 Linden Court", "Oak Lawn", "IL", "60453"),
        ),
        (
            _who("Sheila Kaczmarek", "Clinical placement officer", "s.kaczmarek@prairiehospital.example", signs=True),
            _who("Dwayne Okafor", "Nurse manager", "d.okafor@prairiehospital.example"),
        ),
        Contract("in force", -200, 530),
        (
            Offered("prairie first", "CCMA", "Main campus", (-7, -2), 2, bring=SCRUBS),
            Offered("prairie now", "CCMA", "Main campus", (-3, 3), 2, since=60, bring=SCRUBS),
            Offered("oak lawn next", "CCMA", "Oak Lawn campus", (1, 8), 3, since=25, bring=SCRUBS),
            Offered("oak lawn draw", "CPT", "Oak Lawn campus", (2, 6), 1, EARLY, since=25),
        ),
    ),
    Supplier(
        "north branch", "North Branch Labs", SiteKind.LAB, ("CPT",),
        (LocationFacts("Roscoe Street laboratory", "1910 Roscoe Street", "Chicago", "IL", "60618"),),
        (_who("Ingeborg Halvorsen", "Supervisor", "ingeborg@northbranchlabs.example", signs=True),),
        Contract("in force", -90, 275),
        (Offered("branch next", "CPT", "Roscoe Street laboratory", (1, 5), 2, EARLY, since=30),),
    ),
    Supplier(
        "lakeshore", "Lakeshore Outpatient Center", SiteKind.CLINIC, ("CCMA",),
        (LocationFacts("Center", "31 Sheridan Square", "Evanston", "IL", "60201"),),
        (_who("Camille Brossard", "Head of administration", "c.brossard@lakeshorecenter.example", signs=True),),
        Contract("sent", 3, 368),
        (Offered("lakeshore next", "CCMA", "Center", (2, 9), 2, since=5, own=True),),
    ),
    Supplier(
        "biscayne", "Biscayne Bay Health Center", SiteKind.OTHER, ("CCMA",),
        (LocationFacts("Brickell office", "75 Bayfront Drive", "Miami", "FL", "33130"),),
        (_who("Luis Echevarría", "Administrator", "l.echevarria@biscaynehealth.example", signs=True),),
        Contract("draft", 5, 370),
        (Offered("biscayne next", "CCMA", "Brickell office", (2, 9), 1, since=8),),
    ),
    Supplier(
        "schuylkill", "Schuylkill Diagnostic Group", SiteKind.LAB, ("CPT",),
        (LocationFacts("University City laboratory", "3900 Locust Row", "Philadelphia", "PA", "19104"),),
        (_who("Harriet Lindley", "Operations manager", "h.lindley@schuylkilldx.example", signs=True),),
        Contract("in force", -380, -12),
        (Offered("schuylkill past", "CPT", "University City laboratory", (-8, -2), 1, EARLY),),
        notes="Did not want to go on after the last day of the agreement; ask again in the fall.",
    ),
)  # fmt: skip
