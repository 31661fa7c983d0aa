"""The table of mutation operators: each one is a mistake that people make."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from grader.authoring.mutants import (
    calls,
    chance,
    conditions,
    constants,
    effects,
    guards,
    keys,
    lifetimes,
    scripts,
    state,
)
from grader.authoring.mutants.syntax import Change, Syntax


@dataclass(frozen=True)
class Operator:
    """A way to make mutants: its name, the mistake in one line, and the function that finds its places."""

    name: str
    mistake: str
    changes: Callable[[Syntax], Iterator[Change]]


# When two operators make the same mutant, it belongs to the first one.
OPERATORS = (
    Operator("ttl-dropped", "An entry of the store never expires.", lifetimes.ttl_dropped),
    Operator("ttl-too-short", "An entry of the store expires after a second.", lifetimes.ttl_too_short),
    Operator("key-part-dropped", "Different things share an entry of the store.", keys.key_part_dropped),
    Operator("key-per-replica", "Each replica keeps its own entry, so nothing is shared.", keys.key_per_replica),
    Operator("local-halves", "Each replica grants its own half of a shared limit.", keys.local_halves),
    Operator("script-turned", "A comparison in a script is turned.", scripts.script_turned),
    Operator("script-step-dropped", "A script lacks a command or an update.", scripts.script_step_dropped),
    Operator("query-loosened", "A statement lacks its lock, condition or conflict rule.", scripts.query_loosened),
    Operator("state-per-request", "Each request begins with fresh state.", state.state_per_request),
    Operator("state-shared", "All requests share the state of one.", state.state_shared),
    Operator("jitter-removed", "A random value is always the same.", chance.jitter_removed),
    Operator("drawn-once", "A random value is drawn once for each process.", chance.drawn_once),
    Operator("finally-dropped", "Nothing is released.", guards.finally_dropped),
    Operator("finally-after-success", "A failure releases nothing.", guards.finally_after_success),
    Operator("guard-dropped", "A lock or another context is missing.", guards.guard_dropped),
    Operator("time-limit-dropped", "A call may take for ever.", guards.time_limit_dropped),
    Operator("except-removed", "An exception gets through.", guards.except_removed),
    Operator("except-narrowed", "Some exceptions get through.", guards.except_narrowed),
    Operator("await-removed", "A coroutine is made and never runs.", effects.await_removed),
    Operator("fire-and-forget", "A coroutine runs, and nobody waits for it.", effects.fire_and_forget),
    Operator("effect-dropped", "A call or an update is forgotten.", effects.effect_dropped),
    Operator("order-swapped", "The act comes before its check, or an effect before another.", effects.order_swapped),
    Operator("wrapper-dropped", "A value lacks its rounding, reversal or shield.", calls.wrapper_dropped),
    Operator("option-dropped", "An option or a header is forgotten.", calls.option_dropped),
    Operator("exit-dropped", "An early exit is forgotten.", conditions.exit_dropped),
    Operator("operand-dropped", "A condition or a bound is incomplete.", conditions.operand_dropped),
    Operator("condition-negated", "A condition is turned into its opposite.", conditions.condition_negated),
    Operator("boundary-moved", "A comparison takes its boundary in, or leaves it out.", conditions.boundary_moved),
    Operator("status-changed", "An answer has another error's status.", constants.status_changed),
    Operator("flag-turned", "A flag has the wrong value.", constants.flag_turned),
    Operator("halved-constant", "A number is half as large.", constants.halved),
    Operator("doubled-constant", "A number is twice as large.", constants.doubled),
    Operator("constant-plus-one", "A number is one too large.", constants.one_more),
    Operator("constant-minus-one", "A number is one too small.", constants.one_less),
)
