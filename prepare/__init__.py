"""From photographs to a data set: faces found, aligned and cut, with priors beside them."""

from ..callable_package import make_callable

make_callable(__name__, "prepare")
