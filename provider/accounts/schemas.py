"""What people send to sign in and to set a password."""

from marshmallow import ValidationError, fields, validate, validates, validates_schema

from provider.accounts.rules import (
    LEAST_PASSWORD_SCORE,
    LONGEST_PASSWORD,
    MEASURED_PASSWORD,
    SHORTEST_PASSWORD,
)
from provider.kernel.forms import Email, Schema, Text


class SignIn(Schema):
    """An address and a password."""

    email = Email(required=True, metadata={"label": "E-mail address", "widget": "email", "autocomplete": "username"})
    password = fields.String(
        required=True,
        validate=validate.Length(max=LONGEST_PASSWORD, error="This is not the password of this account."),
        error_messages={"required": "Fill in your password."},
        metadata={"label": "Password", "widget": "password", "autocomplete": "current-password"},
    )


class ConfirmYourself(Schema):
    """The proof that the person at the browser is still the one who signed in."""

    confirm_password = fields.String(
        required=True,
        validate=validate.Length(max=LONGEST_PASSWORD, error="This is not the password of your account."),
        error_messages={"required": "Fill in your password."},
        metadata={"label": "Your password", "widget": "password", "autocomplete": "current-password"},
    )


def _code(**metadata: str) -> Text:
    return Text(
        required=True,
        longest=40,
        error_messages={"required": "Fill in the code."},
        metadata={"label": "Code", "autocomplete": "one-time-code", "attrs": {"spellcheck": "false"}, **metadata},
    )


CODE_HINT = "Six digits from your app, or one of your recovery codes."


class ConfirmWithCode(ConfirmYourself):
    """The same proof of somebody with a second factor."""

    confirm_code = _code(hint=CODE_HINT)


class SignInCode(Schema):
    """The second step of signing in."""

    code = _code(hint=CODE_HINT)


class FirstCode(Schema):
    """The first code of an app that is being set up."""

    code = _code(label="Code that the app shows now", hint="Six digits.", inputmode="numeric")


class MoveFactor(ConfirmWithCode):
    """The same in place of an app that is set up: the proof, and the first code of the new one."""

    class Meta(Schema.Meta):
        """The new app's code first: it stands on the page beside the picture."""

        fields = ("code", "confirm_password", "confirm_code")

    code = _code(label="Code that the new app shows now", hint="Six digits.", inputmode="numeric")
    confirm_code = _code(label="Code of the app you have used so far", hint="Or one of your recovery codes.")


class AskPasswordLink(Schema):
    """An address that a password link is sent to."""

    email = Email(required=True, metadata={"label": "E-mail address", "widget": "email", "autocomplete": "email"})


class SetPassword(Schema):
    """A new password, long and not a common one."""

    password = fields.String(
        required=True,
        validate=validate.Length(
            min=SHORTEST_PASSWORD,
            max=LONGEST_PASSWORD,
            error=f"Use {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; several words in a row are easy to keep.",
        ),
        error_messages={"required": "Choose a password."},
        metadata={
            "label": "New password",
            "hint": f"{SHORTEST_PASSWORD} characters or more. Pasting from a password manager is fine.",
            "widget": "password",
            "autocomplete": "new-password",
        },
    )

    @validates("password")
    def refuse_common(self, value: str, **_: str) -> None:
        """Refuse what everybody tries first: common passwords, and simple variations and repetitions of them."""
        from zxcvbn import zxcvbn  # noqa: PLC0415 - reads its lists of words: only where a password is set

        if zxcvbn(value[:MEASURED_PASSWORD])["score"] < LEAST_PASSWORD_SCORE:
            sentence = "This password is easy to guess. Choose another one."
            raise ValidationError(sentence)


def _present_password(label: str) -> fields.String:
    return fields.String(
        required=True,
        validate=validate.Length(max=LONGEST_PASSWORD, error="This is not the password of your account."),
        error_messages={"required": "Fill in your password."},
        metadata={"label": label, "widget": "password", "autocomplete": "current-password"},
    )


class ChangePassword(SetPassword):
    """The present password, and a new one."""

    class Meta(Schema.Meta):
        """The present one first."""

        fields = ("current", "password")

    current = _present_password("Current password")

    @validates_schema(skip_on_field_errors=True)
    def refuse_the_same(self, data: dict[str, str], **_: object) -> None:
        """Refuse the present password as the new one."""
        if data["current"] == data["password"]:
            raise ValidationError("This is the password that you have now. Choose another one.", "password")


class ChangeEmail(Schema):
    """A new address, and the password again."""

    email = Email(
        required=True,
        metadata={
            "label": "New e-mail address",
            "hint": "We send a link there. Your address changes when you open it and press the button.",
            "widget": "email",
            "autocomplete": "email",
        },
    )
    current = _present_password("Your password")


class FirstAdmin(SetPassword):
    """The first administrator's name, address and password."""

    class Meta(Schema.Meta):
        """Name and address before the password."""

        fields = ("name", "email", "password")

    name = Text(required=True, longest=120, metadata={"label": "Your name", "autocomplete": "name"})
    email = Email(required=True, metadata={"label": "E-mail address", "widget": "email", "autocomplete": "email"})


class Invite(Schema):
    """A new member of staff."""

    name = Text(required=True, longest=120, metadata={"label": "Name"})
    email = Email(required=True, metadata={"label": "E-mail address", "widget": "email"})
