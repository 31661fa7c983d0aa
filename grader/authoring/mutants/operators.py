"""The table of mutation operators: each one is a mistake that people make."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from grader.authoring.mutants import chance, conditions, constants, effects, guards, state, stores
from grader.authoring.mutants.syntax import Change, Syntax


@dataclass(frozen=True)
class Operator:
    """A way to make mutants: its name, the mistake in one line, and the function that finds its places."""

    name: str
    mistake: str
    changes: Callable[[Syntax], Iterator[Change]]


# When two operators make the same mutant, it belongs to the first one.
OPERATORS = (
    Operator("ttl-dropped", "An entry of the store never expires.", stores.ttl_dropped),
    Operator("key-part-dropped", "Different things share an entry of the store.", stores.key_part_dropped),
    Operator("key-per-replica", "Each replica keeps its own entry, so nothing is shared.", stores.key_per_replica),
    Operator("local-halves", "Each replica grants its own half of a shared limit.", stores.local_halves),
    Operator("script-turned", "A comparison in a script is turned.", stores.script_turned),
    Operator("query-loosened", "A statement lacks its lock, condition or conflict rule.", stores.query_loosened),
    Operator("state-per-request", "Each request begins with fresh state.", state.state_per_request),
    Operator("state-shared", "All requests share what belongs to one.", state.state_shared),
    Operator("jitter-removed", "A random value is always the same.", chance.jitter_removed),
    Operator("drawn-once", "A random value is drawn once for each process.", chance.drawn_once),
    Operator("finally-dropped", "Nothing is released.", guards.finally_dropped),
    Operator("finally-after-success", "A failure releases nothing.", guards.finally_after_success),
    Operator("guard-dropped", "A lock or another context is missing.", guards.guard_dropped),
    Operator("time-limit-dropped", "A call may take for ever.", guards.time_limit_dropped),
    Operator("except-removed", "An exception gets through.", guards.except_removed),
    Operator("except-narrowed", "Some exceptions get through.", guards.except_narrowed),
    Operator("await-removed", "A coroutine is made and never runs.", effects.await_removed),
    Operator("effect-dropped", "A call or an update is forgotten.", effects.effect_dropped),
    Operator("order-swapped", "The act comes before its check, or an effect before another.", effects.order_swapped),
    Operator("wrapper-dropped", "A value lacks its rounding, reversal or shield.", effects.wrapper_dropped),
    Operator("exit-dropped", "An early exit is forgotten.", conditions.exit_dropped),
    Operator("operand-dropped", "A condition or a bound is incomplete.", conditions.operand_dropped),
    Operator("condition-negated", "A condition is turned into its opposite.", conditions.condition_negated),
    Operator("boundary-moved", "A comparison takes its boundary in, or leaves it out.", conditions.boundary_moved),
    Operator("flag-turned", "A flag has the wrong value.", constants.flag_turned),
    Operator("halved-constant", "A number is half as large.", constants.halved),
    Operator("doubled-constant", "A number is twice as large.", constants.doubled),
    Operator("constant-plus-one", "A number is one too large.", constants.one_more),
    Operator("constant-minus-one", "A number is one too small.", constants.one_less),
)
