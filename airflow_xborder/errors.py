# SPDX-License-Identifier: Apache-2.0
"""Every exception of the package: one tree, one code each.

::

    XborderError                          code, hint; picklable
      ConfigurationError                  the deployment is wrong; a person must act
        UnknownRegionError
        MissingDependencyError
      PolicyError                         a document is wrong; carries file, line, column
        PolicySyntaxError
        PolicyValidationError
        PolicyNotFoundError
      FlowError                           the question is malformed
        UnknownTermError
      EvaluationError                     the question could not be answered: counts as deny, may be retried
        RegisterUnavailableError
        EngineUnavailableError
        StoreUnavailableError
      EnforcementError                    the answer is no, or could not be honoured: never retried
        FlowDeniedError                   carries the decision
        ReviewRequiredError               carries the decision
        ObligationError
        RegionMismatchError
        ApprovalRejectedError
        ApprovalTimeoutError
      LedgerError
        LedgerUnavailableError            nothing durable was written, so nothing is allowed; retry
        LedgerConflictError               another writer took the name; adapters retry, callers never see it
        LedgerIntegrityError              the ledger does not verify: never caught inside the package

Messages are one lower-case line without a final period; what to do about it stands in ``hint``. How an error
becomes an Airflow outcome is in ``outcomes.py``, an exit code in ``cli/output.py``.
"""

from __future__ import annotations

import copyreg
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from airflow_xborder.core.decision import Decision


class XborderError(Exception):
    """The root of all errors of this package.

    :param hint: what a person should do about it; one line.
    """

    code: ClassVar[str] = "xborder"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} (hint: {self.hint})" if self.hint else self.message

    def __reduce__(self) -> tuple[object, ...]:
        # Airflow pickles exceptions between processes; keyword arguments would be lost by the default.
        return copyreg.__newobj__, (type(self),), {**self.__dict__, "args": self.args}  # type: ignore[attr-defined]

    def __setstate__(self, state: dict[str, object] | None) -> None:
        for name, value in (state or {}).items():
            setattr(self, name, value)


class ConfigurationError(XborderError):
    """The deployment is wrong: a person must act before anything can run."""

    code = "configuration"


class UnknownRegionError(ConfigurationError):
    """A region that the catalog does not know."""

    code = "unknown_region"


class MissingDependencyError(ConfigurationError):
    """An optional package that this feature needs is not installed."""

    code = "missing_dependency"


class PolicyError(XborderError):
    """A policy document or a catalog is wrong.

    :param file: the document; ``line`` and ``column`` count from 1.
    :param path: where in the document: keys and list positions, outermost first.
    """

    code = "policy"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        file: str | None = None,
        line: int | None = None,
        column: int | None = None,
        path: tuple[str | int, ...] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.path = path
        self.file = file
        self.line = line
        self.column = column

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        text = super().__str__()
        return f"{where}: {text}" if where else text


class PolicySyntaxError(PolicyError):
    """The document is not YAML or JSON."""

    code = "policy_syntax"


class PolicyValidationError(PolicyError):
    """The document has an unknown key, term, id or date, or a value that cannot be."""

    code = "policy_validation"


class PolicyNotFoundError(PolicyError):
    """No document, pack or release of that name."""

    code = "policy_not_found"


class FlowError(XborderError):
    """The question is malformed."""

    code = "flow"


class UnknownTermError(FlowError):
    """A category, purpose, country or other term that the vocabulary does not have."""

    code = "unknown_term"


class EvaluationError(XborderError):
    """The question could not be answered: it counts as ``deny`` and may be retried."""

    code = "evaluation"


class RegisterUnavailableError(EvaluationError):
    """A register of parties, documents or counters does not answer."""

    code = "register_unavailable"


class EngineUnavailableError(EvaluationError):
    """A policy engine does not answer, or answers something that is no answer."""

    code = "engine_unavailable"


class StoreUnavailableError(EvaluationError):
    """A store cannot be asked where it really is."""

    code = "store_unavailable"


class EnforcementError(XborderError):
    """The answer is no, or could not be honoured: never retried."""

    code = "enforcement"


class _DecisionError(EnforcementError):
    def __init__(self, message: str, *, decision: Decision, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.decision = decision


class FlowDeniedError(_DecisionError):
    """The flow is forbidden; ``decision`` says by what."""

    code = "flow_denied"


class ReviewRequiredError(_DecisionError):
    """A person must decide, and none can be asked here; ``decision`` says about what."""

    code = "review_required"


class ObligationError(EnforcementError):
    """An obligation that the answer depends on could not be carried out here."""

    code = "obligation"


class RegionMismatchError(EnforcementError):
    """A store is not where the catalog says."""

    code = "region_mismatch"


class ApprovalRejectedError(EnforcementError):
    """The reviewer said no."""

    code = "approval_rejected"


class ApprovalTimeoutError(EnforcementError):
    """Nobody answered the review in time."""

    code = "approval_timeout"


class LedgerError(XborderError):
    """The ledger could not do what was asked."""

    code = "ledger"


class LedgerUnavailableError(LedgerError):
    """Nothing durable was written, so nothing is allowed; retry."""

    code = "ledger_unavailable"


class LedgerConflictError(LedgerError):
    """Another writer took the name with other bytes."""

    code = "ledger_conflict"


class LedgerIntegrityError(LedgerError):
    """The ledger does not verify."""

    code = "ledger_integrity"
