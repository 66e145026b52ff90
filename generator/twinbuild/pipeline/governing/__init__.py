"""Who may do what to a release: the trust root, the organisation's policy, approvals, promotions."""
