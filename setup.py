"""The computed part of the packaging: the repository's root is the package `mfps`, and its folders are sub-packages."""

from setuptools import find_packages, setup

FOLDERS = find_packages(exclude=["tests*", "benchmarks*", "examples*", "docs*"])

setup(packages=["mfps", *(f"mfps.{folder}" for folder in FOLDERS)])
