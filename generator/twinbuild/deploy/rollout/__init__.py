"""A rollout as plain trees: what Kubernetes, Argo Rollouts, Flagger and KServe read, each made of the same values."""
