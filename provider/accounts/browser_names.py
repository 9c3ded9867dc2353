"""What a browser calls itself, in words that its owner knows."""

UNKNOWN = "Unknown browser"
# The first sign that is found names it: most browsers name others, too, whose pages they want to be given.
_BROWSERS = (
    ("Edg", "Microsoft Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_MACHINES = (
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "a Chromebook"),
    ("Mac OS X", "a Mac"),
    ("Linux", "Linux"),
)


def in_words(user_agent: str) -> str:
    """Return what somebody would call this browser: ``Firefox on Windows``."""
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), None)
    machine = next((name for sign, name in _MACHINES if sign in user_agent), None)
    if browser is None:
        return UNKNOWN if machine is None else f"{UNKNOWN} on {machine}"
    return browser if machine is None else f"{browser} on {machine}"
