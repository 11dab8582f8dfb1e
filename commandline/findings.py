"""Independent checks whose findings are reported together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, ParamSpec, TypeVar

from commandline.errors import UserError
from commandline.run import UsageError

_P = ParamSpec("_P")
_T = TypeVar("_T")
_D = TypeVar("_D")
Error = UserError | UsageError


class SeveralError(UserError):
    """More than one thing is wrong; the message has all of them."""

    def __init__(self, errors: Sequence[Error]) -> None:
        """Put the messages below each other, a dash before each."""
        self.errors = errors
        told = [f"- {_message(one)}".replace("\n", "\n  ") for one in errors]
        super().__init__("\n".join([f"{len(errors)} things are wrong:", *told]))


class Checked(Generic[_T]):
    """What one of the checks returned, if it found nothing."""

    def __init__(self, value: _T | None, error: Error | None = None) -> None:
        """Hold a value, or the error that was found instead."""
        self._value = value
        self._error = error

    @property
    def value(self) -> _T:
        """What it returned.

        Raises:
            UserError: It found something; `Findings.report` would have said so.
            UsageError: The same.
        """
        if self._error is not None:
            raise self._error
        return self._value  # pyright: ignore[reportReturnType] - set where there is no error

    def otherwise(self, default: _D) -> _T | _D:
        """Return the same, or `default` where something was found: for the checks that follow."""
        return default if self._error is not None else self.value


class Findings:
    """What was found wrong so far."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._errors: list[Error] = []

    def __bool__(self) -> bool:
        """Whether anything was found."""
        return bool(self._errors)

    def of(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> Checked[_T]:
        """Do a part of the work; an error that it ends in is kept."""
        try:
            return Checked(work(*args, **kwargs))
        except (UserError, UsageError) as error:
            self._keep(*(error.errors if isinstance(error, SeveralError) else [error]))
            return Checked(None, error)

    def report(self) -> None:
        """End with all that was found; return if it is nothing.

        Raises:
            UserError: The only thing that was found, or SeveralError.
            UsageError: The only thing that was found.
        """
        if len(self._errors) == 1:
            raise self._errors[0]
        if self._errors:
            raise SeveralError(self._errors)

    def _keep(self, *errors: Error) -> None:
        # Two checks may read the same file.
        known = {_message(one) for one in self._errors}
        self._errors += [one for one in errors if _message(one) not in known]


def _message(error: Error) -> str:
    return str(error) if isinstance(error, UserError) else error.format_message()
