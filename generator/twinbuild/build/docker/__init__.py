"""BuildKit as the second builder: a rendered Dockerfile and a verified context, laid out by our own layer writer."""
