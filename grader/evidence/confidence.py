"""The exact confidence interval of a share, from its counts alone."""

from math import exp, lgamma, log, log1p

ERROR = 1e-4
"""The two-sided error of an interval: the true share lies outside once in ten thousand times."""

PRECISION = 1e-15
TINY = 1e-300
"""A continued fraction ends when a step changes it by less than PRECISION; TINY stands for zero in its denominators."""


def interval(good: float, total: float) -> tuple[float, float]:
    """Return the Clopper-Pearson interval of a share of `total` > 0 events.

    Source: Clopper and Pearson, Biometrika 26 (1934), in its form by quantiles of the beta distribution.
    """
    low = 0.0 if good <= 0 else _beta_quantile(good, total - good + 1, ERROR / 2)
    high = 1.0 if good >= total else _beta_quantile(good + 1, total - good, 1 - ERROR / 2)
    return low, high


def _beta_quantile(a: float, b: float, share: float) -> float:
    """Return a quantile of a beta distribution, by bisection to the last bit.

    It is the `x` up to which the distribution holds `share` of its mass.
    """
    low, high = 0.0, 1.0
    while low < (middle := (low + high) / 2) < high:
        if _beta_mass(a, b, middle) < share:
            low = middle
        else:
            high = middle
    return high


def _beta_mass(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function, 0 < x < 1.

    Source: the continued fraction 8.17.22 of the NIST Digital Library of Mathematical Functions, by Lentz's method.
    """
    if x > (a + 1) / (a + b + 2):  # beyond it the fraction converges slowly, and its mirror image fast
        return 1 - _beta_mass(b, a, 1 - x)
    fraction = numerator = 1.0
    denominator, step, change = 0.0, 0, 0.0
    while abs(change - 1) > PRECISION:
        half = step // 2
        if step % 2:
            term = -(a + half) * (a + b + half) * x / ((a + step - 1) * (a + step))
        else:
            term = half * (b - half) * x / ((a + step - 1) * (a + step)) if step else 1.0
        denominator = 1 / (1 + term * denominator or TINY)
        numerator = 1 + term / numerator or TINY
        change = numerator * denominator
        fraction, step = fraction * change, step + 1
    logarithm = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)
    return exp(logarithm) * (fraction - 1) / a
