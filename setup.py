"""The computed part of the packaging: the repository's root is the package `mfps`, and its folders are sub-packages."""

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

FOLDERS = find_packages(exclude=["tests*", "benchmarks*", "examples*", "docs*"])


class BuildPackage(build_py):
    """Leaves this file, which stands in the package's folder, out of the package."""

    def find_package_modules(self, package: str, package_dir: str) -> list[tuple[str, str, str]]:
        """The modules of a package, each as package, name and file."""
        return [found for found in super().find_package_modules(package, package_dir) if found[1] != "setup"]


setup(packages=["mfps", *(f"mfps.{folder}" for folder in FOLDERS)], cmdclass={"build_py": BuildPackage})
