"""Rules in Rego: their files in a trust root, and their evaluation in a process that can do nothing else."""
