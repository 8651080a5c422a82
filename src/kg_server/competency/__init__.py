"""Competency questions with expected answers, and examples of shapes with expected findings."""
