"""The two forms of signing in with a code: only the sign-in process has allauth, so they stand apart."""

from typing import Any

from allauth.account.forms import ConfirmLoginCodeForm, RequestLoginCodeForm
from django import forms
from django.utils.translation import gettext_lazy as _


class RequestCodeForm(RequestLoginCodeForm):  # type: ignore[misc]
    """The e-mail address to which a sign-in code goes."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"] = forms.EmailField(
            label=_("E-mail address"),
            max_length=254,
            widget=forms.EmailInput(attrs={"autocomplete": "email"}),
            error_messages={
                "required": _("Fill in this field."),
                "invalid": _("This is not an e-mail address. Example: name@example.kz"),
            },
        )


class ConfirmCodeForm(ConfirmLoginCodeForm):  # type: ignore[misc]
    """The code from the mail, compared with the one in the session."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"] = forms.CharField(
            label=_("Code from the e-mail"),
            max_length=40,
            widget=forms.TextInput(
                attrs={"class": "code", "autocomplete": "one-time-code", "inputmode": "numeric"}
            ),
            error_messages={"required": _("Fill in this field.")},
        )
