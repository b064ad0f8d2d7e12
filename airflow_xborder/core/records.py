# SPDX-License-Identifier: Apache-2.0
"""Frozen dataclasses that cost little to define.

``dataclasses`` compiles half a dozen methods for each frozen class, about a millisecond; core has some eighty
classes, and every Airflow task is a new process. Here the standard decorator still reads the fields, and so
``fields``, ``replace`` and ``is_dataclass`` work, but all classes share one set of methods. Making an object is
slower than with compiled methods, so what a decision makes by the dozen stays with ``dataclasses``. Type checkers
see the standard decorator. Why not the standard one everywhere: ``docs/adr/0008-records.md``.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass

__all__ = ["dataclass"]

T = TypeVar("T")
_MISSING = dataclasses.MISSING

if not TYPE_CHECKING:

    def dataclass(cls=None, *, frozen=False, slots=False, kw_only=False):
        """Make a frozen class with slots; other kinds are for ``dataclasses``."""
        if not (frozen and slots):
            raise TypeError("records are frozen and have slots; use `dataclasses` for others")
        return (lambda wrapped: _record(wrapped, kw_only)) if cls is None else _record(cls, kw_only)


def _record(cls: type[T], kw_only: bool) -> type[T]:
    own = set(vars(cls))
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)(cls)
    fields = dataclasses.fields(made)
    made.__record_fields__ = tuple(
        (field.name, getattr(made, field.name).__set__, field.default, field.default_factory)
        for field in fields
    )
    made.__record_positional__ = () if kw_only else tuple(field.name for field in fields if not field.kw_only)
    made.__record_checks__ = hasattr(made, "__post_init__")
    for name, method in _METHODS.items():
        if name not in own:
            setattr(made, name, method)
    return made  # type: ignore[no-any-return]


def _init(self: Any, /, *args: Any, **given: Any) -> None:
    cls = type(self)
    if args:
        _name_positional(cls, args, given)
    taken = 0
    for name, assign, default, factory in cls.__record_fields__:
        if name in given:
            assign(self, given[name])
            taken += 1
        elif default is not _MISSING:
            assign(self, default)
        elif factory is not _MISSING:
            assign(self, factory())
        else:
            raise TypeError(f"{cls.__name__} needs `{name}`")
    if taken != len(given):
        unknown = sorted(given.keys() - {name for name, *_ in cls.__record_fields__})
        raise TypeError(f"{cls.__name__} has no `{', '.join(unknown)}`")
    if cls.__record_checks__:
        self.__post_init__()


def _name_positional(cls: Any, args: tuple[Any, ...], given: dict[str, Any]) -> None:
    names = cls.__record_positional__
    if len(args) > len(names):
        raise TypeError(f"{cls.__name__} takes {len(names)} positional arguments, and got {len(args)}")
    for name, value in zip(names, args, strict=False):
        if name in given:
            raise TypeError(f"{cls.__name__} got `{name}` twice")
        given[name] = value


def _values(self: Any) -> tuple[Any, ...]:
    return tuple(getattr(self, name) for name, *_ in type(self).__record_fields__)


def _eq(self: Any, other: object) -> Any:
    return _values(self) == _values(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash(_values(self))


def _repr(self: Any) -> str:
    pairs = (f"{name}={getattr(self, name)!r}" for name, *_ in type(self).__record_fields__)
    return f"{type(self).__qualname__}({', '.join(pairs)})"


def _refuse(self: Any, name: str, *_: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot change field `{name}`")


def _reduce(self: Any) -> tuple[Any, ...]:
    return _restore, (type(self), _values(self))


def _restore(cls: type[T], values: tuple[Any, ...]) -> T:
    self = cls.__new__(cls)
    for (_, assign, *_), value in zip(cls.__record_fields__, values, strict=True):  # type: ignore[attr-defined]
        assign(self, value)
    return self


_METHODS: dict[str, Any] = {
    "__init__": _init,
    "__eq__": _eq,
    "__hash__": _hash,
    "__repr__": _repr,
    "__setattr__": _refuse,
    "__delattr__": _refuse,
    "__reduce__": _reduce,
}
