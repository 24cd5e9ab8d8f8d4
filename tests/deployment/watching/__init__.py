"""What an operator looks at: metrics, alerts, logs, traces, and the examination of an installation."""
