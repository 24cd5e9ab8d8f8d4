"""Coverage-guided fuzzing of every parser: only the documented exception leaves one."""
