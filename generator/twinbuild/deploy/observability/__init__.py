"""What is rendered for Prometheus, the OpenTelemetry collector and Grafana. Pure: plain trees out."""
