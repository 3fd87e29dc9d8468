from ..gallery import cheap_features, faces, gallery, parser_folder, prepared, tree, wrong

__all__ = ["cheap_features", "faces", "gallery", "parser_folder", "prepared", "tree", "wrong"]
