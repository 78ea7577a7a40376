"""What may stop a rule before it has a word."""


class Stop(Exception):
    """No number; the text says why."""


class NoRows(Stop):
    """A condition leaves no row: absent (section 1)."""


class NoValue(Stop):
    """A ratio or a logarithm without value: broken (section 1)."""


class TooThin(Stop):
    """Nothing can be said: inconclusive (sections 1 to 3)."""
