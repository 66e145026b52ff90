"""PromQL: what an expression reads, and series under which it is true or not. Pure; the grammar is promql-parser's."""
