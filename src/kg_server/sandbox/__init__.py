"""Evaluation of queries in processes that can be killed: evaluators, their zygote, their client."""
