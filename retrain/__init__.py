"""Stage two: a genotype compiled to a fixed network, and its training."""

from ..callable_package import make_callable

make_callable(__name__, "train")
