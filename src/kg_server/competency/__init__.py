"""Competency questions with their answers, and examples of shapes with their verdicts."""
