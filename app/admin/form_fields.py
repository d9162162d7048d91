"""Form fields made from mapped columns: native controls, and choices that stay inside the current scope."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_wtf import FlaskForm
from sqlalchemy import Boolean, Date, Integer, String, Text, select
from wtforms import BooleanField, DateField, Field, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import Choice, SelectChoice
from wtforms.validators import Email, InputRequired, Length, Optional, ValidationError
from wtforms.widgets import EmailInput, Select, TelInput, URLInput

from app.admin.columns import choices_of, is_relation, label, relation_column
from app.admin.declaration import Screen
from app.core.db import admin_db
from app.core.folding import folded

MOST_CHOICES = 3000


class RelationField(SelectField):
    """A to-one relation. Both the list of choices and the look-up of what was sent go through the scope gate."""

    widget = Select()

    def __init__(self, label: str, related: type, *, required: bool, validators: Any = (), **options: Any) -> None:
        super().__init__(label, validators=list(validators), validate_choice=False, **options)
        self.related = related
        self.required_choice = required
        self._unknown = False

    def iter_choices(self) -> Iterator[Any]:
        """An empty choice, then the scope's rows by name."""
        yield Choice("", _("Choose…") if self.required_choice else "—", self.data is None, {})
        rows: Any = admin_db.session.scalars(select(self.related).limit(MOST_CHOICES)).all()
        for row in sorted(rows, key=lambda row: folded(str(row))):
            yield Choice(str(row.id), str(row), self.data is not None and row.id == self.data.id, {})

    def has_groups(self) -> bool:
        """Never grouped."""
        return False

    def process_data(self, value: Any) -> None:
        """The related object itself is the data."""
        self.data = value

    def process_formdata(self, valuelist: list[str]) -> None:
        """Find the row that was chosen; another school's is not found."""
        if not valuelist or not valuelist[0]:
            self.data = None
            return
        sent = valuelist[0]
        found = None
        if sent.isascii() and sent.isdigit() and int(sent) < 2**31:
            statement: Any = select(self.related).where(self.related.id == int(sent))  # type: ignore[attr-defined]
            found = admin_db.session.scalars(statement).one_or_none()
        self.data, self._unknown = found, found is None

    def pre_validate(self, form: Any) -> None:
        """Refuse what does not exist here."""
        if self._unknown:
            raise ValidationError(_("This choice does not exist in this school."))


def _stripped(value: Any) -> Any:
    return (value.strip() or None) if isinstance(value, str) else value


def _one_line(label_: str, name: str, length: int | None, rules: list[Any], options: dict[str, Any]) -> Field:
    """A text control whose keyboard and check fit the column's name."""
    keys: dict[str, Any] = {"autocomplete": "off"}
    widgets = {"email": EmailInput, "phone": TelInput, "url": URLInput}
    widget = next((class_() for word, class_ in widgets.items() if word in name), None)
    if "email" in name:
        rules = [*rules, Email(message=_("This e-mail address is not complete: name@example.fr"))]
    if length:
        rules = [*rules, Length(max=length)]
        keys["maxlength"] = length
    if widget is not None:
        options["widget"] = widget
    return StringField(label_, validators=rules, filters=[_stripped], render_kw=keys, **options)


def _plain_field(screen: Screen, name: str, column: Any, rules: list[Any], options: dict[str, Any]) -> Field:
    text = label(screen, name)
    for class_, made in ((Boolean, BooleanField), (Date, DateField), (Integer, IntegerField), (Text, TextAreaField)):
        if isinstance(column.type, class_):
            if made is BooleanField:
                return made(text, **options)
            if made is TextAreaField:
                options["filters"] = [_stripped]
            return made(text, validators=rules, **options)
    length = column.type.length if isinstance(column.type, String) else None
    return _one_line(text, name, length, rules, options)


def make_field(screen: Screen, name: str) -> Field:
    """The form field of one column or to-one relation."""
    model = screen.model
    relation = is_relation(model, name)
    column = (relation_column(model, name) if relation else getattr(model, name)).property.columns[0]
    needed = not column.nullable and column.default is None and column.server_default is None
    rules: list[Any] = [InputRequired(message=_("This field is required."))] if needed else [Optional()]
    rules += screen.validators.get(name, ())
    options: dict[str, Any] = {"description": screen.hints.get(name, "")}
    if column.default is not None and column.default.is_scalar:
        options["default"] = column.default.arg
    if relation:
        related = getattr(model, name).property.mapper.class_
        return RelationField(label(screen, name), related, required=needed, validators=rules, **options)
    choices = choices_of(screen, name)
    if choices is not None:
        return _choice(screen, name, choices, needed, rules, options)
    return _plain_field(screen, name, column, rules, options)


def _choice(
    screen: Screen, name: str, words: Mapping[Any, Any], needed: bool, rules: list[Any], options: dict[str, Any]
) -> Field:
    choices = [SelectChoice(str(value), str(text)) for value, text in words.items()]
    number = isinstance(getattr(screen.model, name).type, Integer)
    coerce = (lambda v: int(v) if v not in (None, "") else None) if number else (lambda v: v or None)
    empty = [SelectChoice("", _("Choose…") if needed else "—")]
    return SelectField(
        label(screen, name), choices=[*empty, *choices], coerce=coerce, validators=rules, **options
    )


def form_class(screen: Screen) -> type[FlaskForm]:
    """The class of the screen's form, its fields in the order of its groups. The school is never one of them."""
    fields = {name: make_field(screen, name) for group in screen.edited for name in group.fields}
    return type(f"{screen.name}Form", (FlaskForm,), fields)


def make_form(screen: Screen, prefill: Any = None) -> FlaskForm:
    """The screen's form, filled in from the row that is edited."""
    return form_class(screen)(obj=prefill)
