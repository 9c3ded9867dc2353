"""The files of a school that adds two careers, with everything that a file may hold."""

from pathlib import Path

SOURCES = """\
sources:
  - id: board
    title: A board of dentistry
    short: Board
    read: 2026-07
"""
CAREER = """\
career:
  slug: dental-assistant
  name: Dental assistant
  plural: dental assistants
  updated_on: 2026-11-20
  summary: Half earned more than {median}.
  role: Helps at the chair
  hours_in_short: Daytime
  occupation:
    code: 31-9091
    name: Dental assistants
    measures: own
    source: board
  figures:
    - id: median
      metric: annual_wage
      statistic: median
      value: 47300
      period: 2024-05
      source: board
      confidence: high
    - id: training
      metric: training_length
      statistic: range
      low: 9
      high: 24
      period: 2024
      source: board
      confidence: low
  history:
    - id: older
      metric: annual_wage
      statistic: median
      value: 44820
      source: board
      confidence: low
      why: undated
      reason: Now it is {median}.
  duties:
    - {heading: At the chair, items: [Hand over instruments], sources: [board]}
  skills: {items: [A steady hand], sources: [board]}
  training: {items: [A short program], sources: [board]}
  credentials: [CDA]
  leads_here: [CDA]
  licensing: {items: [It varies], sources: [board]}
  places: {items: [Offices of dentists], sources: [board]}
  hours: {items: [Daytime], sources: [board]}
  ladder: {steps: [{name: Assistant}], sources: [board]}
  moves:
    - {to: dental-aide, how: Learn less., sources: [board]}
  challenges: {items: [Standing], sources: [board]}
  fit: {chair: daily}
"""
AIDE = (
    CAREER.replace("dental-assistant", "dental-aide")
    .replace("Dental assistant", "Dental aide")
    .replace("31-9091", "31-9099")
    .replace("to: dental-aide", "to: dental-assistant")
)
REST = """\
bodies:
  - {id: danb, name: Dental Assisting National Board, short: DANB}
credentials:
  - code: CDA
    name: Certified dental assistant
    body: danb
    asks: {items: ["An exam of {exam-time}"], sources: [board]}
    figures:
      - id: exam-time
        metric: exam_time
        statistic: fixed
        value: 75
        period: read 2026-07
        source: board
        confidence: medium
licensing:
  - state: CA
    careers: [dental-assistant]
    name: Registration
    kind: license
    items: ["Practice of {hours}"]
    sources: [board]
    as_of: 2026-07-01
    confidence: high
    figures:
      - id: hours
        metric: clinical_hours
        statistic: minimum
        value: 300
        period: read 2026-07
        source: board
        confidence: high
questions:
  - id: chair
    ask: How often at the chair?
    answers:
      - {id: daily, label: Daily}
      - {id: rarely, label: Rarely}
comparison:
  careers: [dental-assistant, dental-aide]
  title: Dental assistant or aide?
  updated_on: 2026-11-21
  intro: ["A median of {dental-assistant.median}, an exam of {CDA.exam-time}, practice of {CA.dental-assistant.hours}."]
  choose:
    - {career: dental-assistant, when: [You like the chair]}
    - {career: dental-aide, when: [You like the desk]}
"""
FILES = {"aide.yaml": AIDE, "assistant.yaml": CAREER, "rest.yaml": REST, "board.yaml": SOURCES}


def written(folder: Path, **files: str) -> Path:
    """A folder with data files: ours of this test, and what is given in their place or beside them."""
    for name, text in {**FILES, **{f"{name}.yaml": text for name, text in files.items()}}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
