"""mfps: two-stage neural architecture search for blind face restoration.

Stage one (`mfps.nas`) trains a softmax-weighted supernet and derives a genotype; stage two (`mfps.retrain`) compiles a
genotype into a fixed network, trains and evaluates it. Importing this package imports nothing else.
"""

__version__ = "0.1.0"
