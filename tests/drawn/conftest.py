from ..gallery import cheap_features, tree

__all__ = ["cheap_features", "tree"]
